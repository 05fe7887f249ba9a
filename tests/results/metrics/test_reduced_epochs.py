"""A sample's score, outcome and worst case from its epochs, pass@k over samples, and warnings of calls."""

from __future__ import annotations

from typing import Any

import pytest
from support.records import record

from pytest_hiddenlayer.results.metrics.calls import call_warnings
from pytest_hiddenlayer.results.metrics.samples import (
    SampleResult,
    flaky_samples,
    pass_estimates,
    reduced_epochs,
    sample_result,
    scored_epochs,
)
from pytest_hiddenlayer.types.record import ELICITED


def reduced(scores: list[float | None], reducer: str = "mean", outcomes: list[Any] | None = None) -> Any:
    """(score, outcome, worst, first) of epochs, with a pass mark of 0.5."""
    usual = ["error" if score is None else "correct" if score >= 0.5 else "incorrect" for score in scores]
    epochs = reduced_epochs(outcomes or usual, scores, reducer=reducer, pass_score=0.5)
    return epochs.score, epochs.outcome, epochs.worst, epochs.first


@pytest.mark.parametrize(
    ("scores", "reducer", "expected"),
    [
        ([1.0], "mean", (1.0, "correct", 1.0, 0)),
        ([1.0, 0.0], "mean", (0.5, "correct", 0.5, 0)),
        ([1.0, 0.0, None], "mean", (0.5, "correct", 1 / 3, 0)),
        ([None, 1.0], "mean", (1.0, "correct", 0.5, 0)),
        ([0.0, None], "mean", (0.0, "incorrect", 0.0, 0)),
        ([1.0, None], "max", (1.0, "correct", 1.0, 0)),
        ([1.0, None], "mode", (1.0, "correct", 0.0, 0)),
        ([None, None], "mean", (None, "error", None, 0)),
        ([0.0, None], "pass_at_k", (None, "error", None, 1)),
        ([0.0, 0.0], "pass_at_k", (0.0, "incorrect", 0.0, 0)),
        ([1.0, None], "pass_at_k", (1.0, "correct", 1.0, 0)),
        ([1.0, None], "pass_hat_k", (None, "error", None, 1)),
        ([1.0, 1.0], "pass_hat_k", (1.0, "correct", 1.0, 0)),
        ([0.0, None], "pass_hat_k", (0.0, "incorrect", 0.0, 0)),
    ],
)
def test_lost_epochs_count_as_wrong_in_the_worst_case(scores, reducer, expected):
    """`score` is that of the scored epochs, `worst` counts lost ones as 0; none if a lost epoch could decide it."""
    assert reduced(scores, reducer) == pytest.approx(expected)


def test_an_epoch_without_a_score_decides_no_outcome():
    """The outcome is that of the scored epochs, whatever a lost one is called."""
    assert reduced([None, 1.0], outcomes=["truncated", "correct"])[1] == "correct"
    assert reduced([None, None], outcomes=["refused", "error"])[1] == "refused"


def test_the_answer_of_a_sample_is_that_of_its_first_scored_epoch():
    """An epoch without a score does not give the sample its answer."""
    records = [record("s", None, answer="lost"), record("s", 1.0, answer="right"), record("s", 0.0, answer="wrong")]
    found = sample_result(records, reducer="mean", pass_score=0.5)
    assert (found.answer, found.epochs, found.lost) == ("right", (1.0, 0.0), 1)
    assert sample_result(records[:1], reducer="mean", pass_score=0.5).answer is None


def of_epochs(*epochs: float, score: float | None = 0.5) -> SampleResult:
    """A sample with these scores of epochs."""
    return SampleResult(score=score, outcome="correct", answer=None, hash="h", must_pass=False, epochs=epochs)


def test_pass_at_k_by_hand():
    """A sample with fewer than k scored epochs is left out of the estimates for k."""
    samples = {"a": of_epochs(1.0, 0.0), "b": of_epochs(1.0, 1.0), "c": of_epochs(0.0)}
    found = pass_estimates(samples, 0.5)
    assert (found["pass@1"].n, found["pass@1"].mean) == (3, pytest.approx(0.5))
    assert (found["pass@2"].n, found["pass@2"].mean) == (2, 1.0)
    assert (found["pass^2"].n, found["pass^2"].mean) == (2, 0.5)
    assert scored_epochs(samples) == 5


def test_pass_at_k_is_unknown_below_the_share():
    """Exactly the share is enough; a sample more that lost an epoch makes the estimate unknown, with the reason."""
    samples = {"a": of_epochs(1.0, 0.0), "b": of_epochs(0.0)}
    assert pass_estimates(samples, 0.5, 0.5)["pass@2"].mean == 1.0
    unknown = pass_estimates({**samples, "c": of_epochs(0.0)}, 0.5, 0.5)["pass@2"]
    assert (unknown.mean, unknown.n) == (None, 1)
    assert unknown.method == "unknown: 1 of 3 samples have 2 scored epochs"
    assert pass_estimates({}, 0.5) == pass_estimates({"a": of_epochs(1.0)}, 0.5) == {}


def test_flaky_samples_by_hand():
    """A sample that was right and wrong, and has a score."""
    samples = {
        "a": of_epochs(1.0, 0.0),
        "b": of_epochs(1.0, 1.0),
        "c": of_epochs(1.0, 0.0, score=None),
        "d": of_epochs(0.5, 0.4),
    }
    assert flaky_samples(samples, 0.5) == ("a", "d")


def test_warnings_of_calls_by_hand():
    """Warnings of calls, and why a confidence is unknown, without the reply and its probability."""
    why = "no number has a probability of 0.013 together: 'I am sure'"
    made = record(
        "s",
        1.0,
        transcript=[{"role": "answer", "warnings": ["another model answered"]}, {"role": "judge"}],
        answer_metadata={
            ELICITED: {"stated": {"value": None, "why": why}, "p_true": {"value": 0.5}, "odd": 3, "x": {}}
        },
    )
    assert list(call_warnings([made])) == [
        "another model answered",
        "stated unknown: no number has a low probability together",
        "x unknown: ?",
    ]
    assert list(call_warnings([record("s", 1.0, answer_metadata={ELICITED: 3})])) == []
