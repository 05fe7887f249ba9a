"""`hiddenlayer ask`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.folder import Folder

SCRIPTED = ("--provider", "scripted:replies.json")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project with a scripted model."""
    made = Folder(tmp_path)
    made.write("pytest.ini", "[pytest]\n")
    made.replies()
    return made


def test_a_debate_is_shown_call_by_call(folder: Folder):
    """Every agent and the judge, then the answer with its score, and the run that logged it."""
    printed = folder.command("ask", "q1.", "--strategy", "debate:n_agents=2", "--target", "a1", *SCRIPTED)
    assert printed.ret == 0
    printed.stdout.fnmatch_lines(["── agent-1, round 0", "   a1", "── judge, round 2", "   a1", "══ answer", "a1"])
    printed.stdout.fnmatch_lines(["correct, score 1; scripted:replies.json: 5 calls, *"])
    (run,) = folder.runs()
    assert run.name in printed.outlines[-1]


def test_a_wrong_or_missing_answer_exits_with_1(folder: Folder):
    """So does a failed call, whose error is on standard error."""
    assert folder.command("ask", "q1.", "--target", "a2", *SCRIPTED).ret == 1
    folder.replies(q2={"error": "server said 500"})
    failed = folder.command("ask", "q2.", *SCRIPTED)
    assert failed.ret == 1
    failed.stderr.fnmatch_lines(["hiddenlayer: no answer: *server said 500"])


def test_quiet_and_json_print_nothing_else(folder: Folder):
    """`--quiet` is the answer alone; `--json` the record."""
    assert folder.command("ask", "q1.", "--quiet", *SCRIPTED).outlines == ["a1"]
    record = json.loads("\n".join(folder.command("ask", "q1.", "--json", *SCRIPTED).outlines))
    assert (record["input"], record["output"]) == ("q1.", "a1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("q1.", "--strategy", "debat"), "did you mean 'debate'"),
        (("q1.", "--strategy", "single", "--strategy", "debate"), "--strategy: one is asked, found 2"),
        (("q1.", "--temperature", "hot"), "--temperature 'hot': write a number"),
        (("q1.", "--scorer", "exat"), "did you mean 'exact'"),
        ((" ",), "the question is empty"),
        (("q1.", "--epochs", "2"), "unrecognized argument --epochs"),
    ],
)
def test_wrong_arguments_exit_with_4(folder: Folder, arguments: tuple[str, ...], message: str):
    """The message says what to write; nothing is asked."""
    printed = folder.command("ask", *arguments, *SCRIPTED)
    assert printed.ret == 4
    assert message in printed.stderr.str()
    assert folder.runs() == []


def test_control_characters_of_a_model_reach_no_terminal(folder: Folder):
    """They are shown as escapes."""
    folder.replies(q1={"reply": "\x1b[2Jgone"})
    assert "\x1b" not in folder.command("ask", "q1.", *SCRIPTED).stdout.str()
