"""`hiddenlayer rounds` and `hl.debate_rounds`: the tables, Markdown and JSON of a run's debates."""

from __future__ import annotations

import json

import pytest
from support.debates import debate
from support.folder import Folder

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.text import debates_markdown, debates_text

# agent → its replies by round; the target is 1
REPLIES = {"agent-1": ("1", "1"), "agent-2": ("1", "1"), "agent-3": ("2", "1")}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A debate on one question, in which the majority persuades agent 3."""
    folder = Folder(tmp_path_factory.mktemp("rounds"))
    rows = [{"id": "q", "input": "Add.", "target": "1"}]
    folder.write("evals/t.yaml", "task: t\nsamples: " + json.dumps(rows) + "\nscorers: [numeric]\n")
    rules = [
        {"role": role, "round": number, "reply": text}
        for role, texts in REPLIES.items()
        for number, text in enumerate(texts)
    ]
    folder.write("replies.json", json.dumps({"rules": [*rules, {"role": "judge", "reply": "1"}]}))
    assert folder.run("--hl-strategy", "debate", "--hl-gate=off").ret == 0
    return folder


def test_the_command_says_what_happened(ran):
    """One table per subject, in plain English."""
    printed = ran.command("rounds", "last").stdout.str()
    assert "1 debate, up to 2 rounds; the strategy's answer is right: 1.00" in printed
    for title in (
        "right answers by round",
        "where the gain comes from",
        "who persuades whom",
        "conformity",
        "agents",
    ):
        assert title in printed
    assert "of 1 change to another answer, 1 went to an answer that the agent had read" in printed
    assert "no gain to divide" in printed


def test_json_and_python_are_the_same(ran):
    """`--json` prints what `debate_rounds` returns, and the frame has a row per round and measure."""
    import pytest_hiddenlayer as hl

    printed = json.loads(ran.command("rounds", "last", "--json").stdout.str())
    found = hl.debate_rounds(cwd=ran.path)
    assert printed == json.loads(json.dumps(found.to_json()))
    assert printed[0]["rounds"][0]["carried"]["agents"]["mean"] == pytest.approx(2 / 3)
    frame = found.df()
    assert set(frame["measure"]) == {"agents", "majority", "any", "all"}
    assert len(frame) == 2 * 2 * 4
    assert "who persuades whom" in repr(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "u"), "task 'u': not in this run"),
        (("--strategy", "debat"), "did you mean"),
        (("--draws", "3"), "at least 100"),
        (("--json", "--markdown"), "not allowed with"),
    ],
)
def test_a_wrong_option_is_a_usage_error(ran, arguments, message):
    """What the run does not have, and options that contradict each other, are exit status 4."""
    result = ran.command("rounds", "last", *arguments)
    assert result.ret == 4
    assert message in result.stderr.str()


def test_a_run_without_debates_is_a_usage_error(sums):
    """No record with several rounds: exit status 4, with the strategy to run."""
    sums.run("--hl-gate=off")
    result = sums.command("rounds", "last")
    assert result.ret == 4
    assert "none of the 3 records of this run has that; run with --strategy debate" in result.stderr.str()


def test_debates_that_did_not_end_are_named(folder):
    """If every debate stopped by an error or the budget, the message says so, and how to go on."""
    rows = [{"id": "q", "input": "Add.", "target": "1"}]
    folder.write("evals/t.yaml", "task: t\nsamples: " + json.dumps(rows) + "\nscorers: [numeric]\n")
    rules = [{"role": "agent-3", "round": 1, "error": "offline"}, {"reply": "1"}]
    folder.write("replies.json", json.dumps({"rules": rules}))
    folder.run("--hl-strategy", "debate")
    result = folder.command("rounds", "last")
    assert result.ret == 4
    assert "1 stopped by an error or by the budget; answer them with --resume RUN" in result.stderr.str()


def test_markdown_shows_names_literally():
    """A name of an agent that is Markdown stays a name, and tables have their head."""
    names = ["**bold** | @all", "agent-2"]
    text = debates_markdown(analyse_debates([debate("q", "ab", "aa", names=names)]))
    assert "**bold**" not in text
    assert "@all" not in text
    assert "| round | debates | agents right |" in text


def test_control_characters_do_not_reach_the_terminal():
    """A name with an escape sequence is shown escaped."""
    cells = analyse_debates([debate("q", "ab", "aa", names=["\x1b[31mred", "agent-2"])])
    assert "\x1b" not in debates_text(cells, width=120, colour=False)
