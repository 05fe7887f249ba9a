"""The scores of every scorer but the first."""

from __future__ import annotations

import pytest
from support.records import record

from pytest_hiddenlayer.results.metrics.scorers import other_scorers, reduced_scores, scores_by_name


def scored(**values: float | None) -> dict[str, dict[str, object]]:
    """The scores of a record."""
    return {name: {"value": value, "answer": None, "explanation": ""} for name, value in values.items()}


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [("mean", 0.5), ("median", 0.5), ("max", 0.9), ("pass_at_k", 0.5), ("pass_hat_k", 0.5), ("pass_at_2", 0.5)],
)
def test_reducers_that_count_right_epochs_are_means_of_the_other_scorers(reducer: str, expected: float) -> None:
    """The limit of the headline scorer does not apply to another one."""
    assert reduced_scores([0.1, 0.5, 0.9], reducer) == pytest.approx(expected)


def test_a_scorer_without_a_score_is_left_out() -> None:
    """Of two scorers, the one that gave no epoch a score has none for the sample, and the other's mean has two."""
    records = [
        record("a", 1.0, scores=scored(exact=1.0, polite=None, short=0.25), epoch=1),
        record("a", 1.0, scores=scored(exact=0.0, polite=None, short=0.75), epoch=2),
        record("a", None, epoch=3),
    ]
    assert scores_by_name(records, "mean") == {"exact": 0.5, "short": 0.5}


def test_metrics_name_why_there_is_no_score() -> None:
    """n counts answers with a score, the estimate has samples, and reasons are counted, most frequent first."""
    records = [
        record("a", 1.0, scores=scored(exact=1.0, polite=0.5)),
        record("b", 1.0, scores={"exact": {"value": 1.0}, "polite": {"value": None, "explanation": "unreadable"}}),
        record("c", 1.0, scores={"exact": {"value": 1.0}, "polite": {"value": None, "explanation": ""}}),
        record("d", 1.0, scores={"exact": {"value": 1.0}, "polite": {"value": None, "explanation": "unreadable"}}),
        record("e", 1.0, scores=scored(exact=1.0)),
    ]
    samples = {one.sample_id: scores_by_name([one], "mean") for one in records}
    found = other_scorers(records, samples, dict.fromkeys(samples), {"exact": "exact/1", "polite": "llm_judge/2"})
    assert list(found) == ["polite"]
    polite = found["polite"]
    assert (polite.scorer, polite.n_scored, polite.estimate.n, polite.estimate.mean) == ("llm_judge/2", 1, 1, 0.5)
    assert list(polite.unscored.items()) == [("unreadable", 2), ("no reason given", 1)]
    assert other_scorers(records, samples, dict.fromkeys(samples), {})["polite"].scorer == ""
