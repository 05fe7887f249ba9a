"""`hiddenlayer compare OLD NEW --equal-budget`: single answers of one run as control samples for another."""

from __future__ import annotations

import json

import pytest
from support.records import record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.results.budget_match.compare import compare_budget_matched
from pytest_hiddenlayer.results.budget_match.controls_from_run import with_control_samples
from pytest_hiddenlayer.results.log.run_log import RunLog

CALL = {"role": "agent-1", "round": 0, "usage": {"input_tokens": 2, "output_tokens": 1, "calls": 1}, "cost_usd": 0.0}
USAGE = {
    **dict.fromkeys(("cached_input_tokens", "cache_write_tokens", "reasoning_tokens")),
    **{"input_tokens": 6, "output_tokens": 3, "calls": 3},
}


def debated(name: str, value: float, **changes: object):
    """A debate of three calls."""
    return record(name, value, label="debate", strategy="debate", usage=USAGE, transcript=[CALL] * 3, **changes)


def singles(name: str, values: list[float], **changes: object):
    """Single answers, one an epoch."""
    return [
        record(name, v, epoch=i, answer=str(v), output=str(i), transcript=[CALL], **changes)
        for i, v in enumerate(values, 1)
    ]


def test_single_answers_become_draws():
    """Three epochs of single answers are the control samples of a debate of three calls."""
    known = with_control_samples([debated("a", 1.0)], singles("a", [1.0, 0.0, 0.0]))
    (found,) = compare_budget_matched(known)
    assert (found.compared, found.draws) == (1, 3)
    single, vote = found.against_controls[:2]
    assert (single.strategy.mean, single.control.mean) == (1.0, pytest.approx(1 / 3))
    assert vote.control.mean == 0.0


@pytest.mark.parametrize(
    "changes", [{"sample_hash": "other"}, {"slug": "m2"}, {"task": "t2"}, {"label": "other", "strategy": "other"}]
)
def test_other_questions_are_no_draws(changes):
    """Answers to another prompt, of another model, task or strategy are never taken."""
    (found,) = compare_budget_matched(with_control_samples([debated("a", 1.0)], singles("a", [1.0] * 3, **changes)))
    assert (found.compared, found.undrawn) == (0, 1)


def test_fewer_answers_than_calls_are_no_equal_budget():
    """Two single answers are less than three calls: the sample is counted as undrawn."""
    (found,) = compare_budget_matched(with_control_samples([debated("a", 1.0)], singles("a", [1.0, 1.0])))
    assert (found.compared, found.undrawn) == (0, 1)


def test_the_command(tmp_path, monkeypatch, capsys):
    """The command prints the section, or JSON; without control samples it says how to make them."""
    monkeypatch.chdir(tmp_path)
    old, new = RunLog(tmp_path, "20260101T000000Z-aaaaaaaa"), RunLog(tmp_path, "20260102T000000Z-bbbbbbbb")
    for name in "abc":
        new.append(debated(name, 1.0))
        old.append(singles(name, [0.0])[0])
    assert main(["compare", "20260101", "20260102", "--equal-budget"]) == 4
    assert "--hl-strategy single --hl-epochs N" in capsys.readouterr().err
    for name in "abc":
        for single in singles(name, [0.0, 1.0, 0.0]):
            old.append(single)
    assert main(["compare", "20260101", "20260102", "--equal-budget"]) == 0
    assert "single, same calls" in capsys.readouterr().out
    assert main(["compare", "20260101", "20260102", "--equal-budget", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compared"][0]["compared"] == 3
