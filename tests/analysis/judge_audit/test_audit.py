"""`hiddenlayer judge-audit`: failures, saved audits, and the prompts of a task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.audits import FIRST, MUTE, RUN, SECOND, log, only, values

from pytest_hiddenlayer.cli import main


def test_a_judge_that_cannot_be_read(run, audit, capsys):
    """If no reply can be read nothing is measured, every metric says why, and the exit status is 1."""
    result = audit(MUTE, status=1)
    assert result["unread"] == 30
    every = [metric for section in result["figures"].values() for metric in section.values()]
    assert {metric["value"] for metric in every} == {None}
    assert all(metric["why"] for metric in every)
    assert only(result, "position", "order consistency")["why"] == "no verdict could be read in both orders"


def test_a_judge_that_fails_on_some(run, audit):
    """A failed call is counted, and the other pairs are measured."""
    result = audit({"rules": [{"contains": "question 7.", "error": "server said 500"}], **FIRST})
    assert result["unread"] == 1
    assert only(result, "position", "order consistency")["n"] == 29
    assert [v["why"] for v in result["verdicts"] if v["sample_id"] == "s7"] == ["server said 500"]


def test_the_terminal_tells_what_failed(run, capsys):
    """The text says how many pairs have no verdict, and why."""
    Path("judge.json").write_text(json.dumps(MUTE))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 1
    out = capsys.readouterr().out
    assert "30 without a verdict: with a first: no verdict in the judge's reply" in out
    assert "not measured: no verdict could be read in both orders" in out


def test_one_player_only(here, audit):
    """Without a second player there are no pairs; the master-key attacks still run."""
    for i in range(3):
        log("single", i, "text.", True)
    result = audit({"default": "[[yes]]"})
    assert only(result, "position", "order consistency")["why"].startswith("no pair was judged: two players must")
    assert only(result, "master-key attacks", "accepted as right: 'Solution'")["value"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no run 'nope'"),
        (["--task", "u"], "--task 'u': no such task"),
        (["--labels", "nope.jsonl"], "nope.jsonl: no such file of labels"),
        (["--as", "plain.yaml"], "has neither a scorer win_rate nor llm_judge"),
        (["--as", "nope.yaml"], "nope.yaml"),
    ],
)
def test_what_cannot_be_meant_is_told(run, capsys, arguments, said):
    """An unknown name exits with 4 and lists what is available."""
    Path("judge.json").write_text(json.dumps(FIRST))
    Path("plain.yaml").write_text("task: plain\nsamples: [{input: q, target: a}]\nscorers: [exact]\n")
    assert main(["judge-audit", *arguments, "--judge", "scripted:judge.json"]) == 4
    assert said in capsys.readouterr().err


def test_a_run_without_an_answer(here, capsys):
    """A run without a complete answer is an error, not an empty audit."""
    log("single", 0, "", True, outcome="empty", scores={})
    Path("judge.json").write_text(json.dumps(FIRST))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 4
    assert "holds no complete answer to judge" in capsys.readouterr().err


def test_a_judge_that_does_not_open(run, capsys):
    """A judge that cannot be opened is one clear error."""
    assert main(["judge-audit", "--judge", "scripted:nope.json"]) == 4
    assert "cannot read it" in capsys.readouterr().err


def test_audits_are_kept_by_judge(run, audit):
    """judge_audit.json in the run's folder holds the last audit of every judge."""
    audit(FIRST)
    audit(SECOND, name="other.json")
    saved = json.loads((run / "reports/runs" / RUN / "judge_audit.json").read_text(), parse_constant=pytest.fail)
    assert sorted(saved["judges"]) == ["scripted:judge.json", "scripted:other.json"]
    assert saved["schema"] == 1
    (said, *_) = saved["judges"]["scripted:judge.json"]["verdicts"]
    assert (said["a_first"], said["b_first"], said["winner"]) == ("A", "A", "tie")


def test_a_file_of_other_things_is_not_overwritten(run, capsys):
    """A file of that name that is not an audit is kept, and is reported before the judge is called."""
    path = run / "reports/runs" / RUN / "judge_audit.json"
    path.write_text("mine")
    Path("judge.json").write_text(json.dumps(FIRST))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 4
    assert "is not an audit of judges" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_task_says_how_its_judge_is_asked(run, audit):
    """--as uses the prompt, verdict and scale of the task's scorers, but compares the answers of the run."""
    Path("mine.yaml").write_text(
        "task: mine\n"
        "samples: [{id: s0, input: q, target: a}]\n"
        "scorers:\n"
        "  - win_rate: {prompt: 'Which? 1: {answer_a} 2: {answer_b} For {question}', verdict: 'place ([ABC])'}\n"
        "  - llm_judge: {prompt: 'Good? {answer}', verdict: 'it is (yes|no)', scale: yes_no}\n"
    )
    rules = [{"contains": "Which? 1: ", "reply": "place B"}, {"contains": "Good? Solution", "reply": "it is yes"}]
    result = audit({"rules": rules, "default": "it is no"}, "--as", "mine.yaml")
    assert result["terms"] == "mine.yaml"
    assert values(result, "position") == [0, 0, 1, 0]
    assert only(result, "master-key attacks", "scored 0.5 or more: 'Solution'")["value"] == 1
    assert only(result, "master-key attacks", "scored 0.5 or more: ':'")["value"] == 0


def test_the_target_is_shown_on_request(run, audit):
    """The judge sees the target only with --reference."""
    rules = [{"role": "win_rate.*", "contains": "<reference", "reply": "[[A]]"}]
    script = {"rules": rules, "default": "[[B]]"}
    assert values(audit(script), "position")[3] == 0
    assert values(audit(script, "--reference"), "position")[3] == 1


def test_no_control_character_is_emitted(here, capsys):
    """What a judge wrote steers no terminal."""
    log("single", 0, "one.", True)
    log("debate", 0, "two.", True)
    Path("judge.json").write_text(json.dumps({"rules": [{"contains": "", "error": "\x1b[2Jgone"}]}))
    main(["judge-audit", "--judge", "scripted:judge.json"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2Jgone" in out
