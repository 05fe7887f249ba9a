"""`expect` in a task file: bounds of calibration that the gate judges."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def sure(folder):
    """Forty samples; the model is right and sure in the even ones, wrong and unsure in the odd ones."""

    def write(expect, n=40):
        folder.task(n=n, scorers=["keyword"], expect=expect)
        rules = [
            {
                "contains": f"q{i}.",
                "reply": f"answer a{i}" if i % 2 == 0 else "no",
                "logprobs": [-0.01 - 0.001 * i if i % 2 == 0 else -4.0],
            }
            for i in range(n)
        ]
        folder.write("replies.json", json.dumps({"rules": rules}))
        return folder.run("--hl-confidence=tokens")

    return write


def _gate_line(result) -> str:
    return next(
        line for line in result.outlines if "gate" in line and line.startswith(("PASSED", "FAILED", "SKIPPED"))
    )


@pytest.mark.parametrize("expect", [{"auroc": ">0.7"}, {"ece": "<0.1", "brier": "<=0.1"}])
def test_a_bound_that_is_shown_passes(sure, expect):
    """If the interval lies within the bound, the gate passes without a baseline."""
    assert _gate_line(sure(expect)).startswith("PASSED")


def test_a_bound_that_is_missed_fails(sure):
    """A value beyond the bound fails, and the message has bound and value."""
    result = sure({"auroc": "<0.5"})
    assert "expected AUROC <0.5: it is 1.000" in _gate_line(result)
    assert result.ret == 1


def test_noise_does_not_pass(sure):
    """A value within the bound whose interval crosses it is underpowered, and fails."""
    assert "underpowered: its 95 % interval" in _gate_line(sure({"brier": "<0.02"}, n=12))


def test_unknown_never_passes(sure):
    """Too few answers with a confidence: not measured, and what to do."""
    result = sure({"auroc": ">0.1", "measure": "p_true"})
    assert _gate_line(result).startswith("FAILED")
    why = "not measured, because fewer than 10 scored answers have this confidence; run with --hl-confidence p_true"
    assert why in "\n".join(result.outlines)


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ({"auroc": ">1"}, "no value is >1"),
        ({"ece": 0.1}, "must be a bound"),
        ({"aurocc": ">0.5"}, "unknown field 'aurocc', did you mean 'auroc'?"),
        ({"nll": ">0.5"}, "unknown field 'nll' (fields here: measure, ece, brier, auroc, aurc, wqd)"),
        ({"measure": "margin"}, "nothing is expected of margin; add a bound"),
        ({"auroc": ">0.5", "measure": "entropi"}, "entropy"),
        ({"ece": "<0.1", "measure": "entropy"}, "it has no ece"),
    ],
)
def test_mistakes_are_errors_at_collection(sure, expect, message):
    """A misspelt metric or measure and an impossible bound are errors with the file, before anything is asked."""
    printed = "\n".join(sure(expect).outlines)
    assert "sums.yaml" in printed
    assert "expect" in printed
    assert message in printed
