"""One score from the epochs of a sample."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.stats.estimate.mean_interval import estimate
from pytest_hiddenlayer.stats.estimate.pass_at_k import reduce_epochs


@given(st.floats(0, 1), st.integers(1, 30))
def test_equal_scores_have_their_own_mean(value, n):
    """The mean of equal scores is that score to the last bit, so that it reaches a threshold of the same size."""
    assert estimate([value] * n).mean == value
    assert reduce_epochs([value] * n, "mean", 1.0) == value


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        *(("mean", 2 / 3), ("median", 1.0), ("mode", 1.0), ("max", 1.0), ("pass_at_k", 1.0), ("pass_hat_k", 0.0)),
        *(("pass_at_1", 2 / 3), ("pass_at_2", 1.0), ("pass_hat_2", 1 / 3), ("pass_hat_3", 0.0)),
    ],
)
def test_reducers_by_hand(reducer, expected):
    """1, 0, 1 over three epochs."""
    assert reduce_epochs([1.0, 0.0, 1.0], reducer, 1.0) == pytest.approx(expected)


@given(st.floats(0.05, 0.95), st.integers(1, 6), st.data())
def test_a_stated_k_is_unbiased(chance, n, data):
    """Averaged over all outcomes of n epochs, the score is the chance of k independent answers."""
    k = data.draw(st.integers(1, n))
    outcomes = list(itertools.product([0.0, 1.0], repeat=n))
    weights = [math.prod(chance if right else 1 - chance for right in outcome) for outcome in outcomes]
    for reducer, expected in ((f"pass_at_{k}", 1 - (1 - chance) ** k), (f"pass_hat_{k}", chance**k)):
        scores = [reduce_epochs(outcome, reducer, 1.0) for outcome in outcomes]
        assert sum(w * score for w, score in zip(weights, scores, strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize("reducer", ["pass_at_4", "pass_hat_4"])
def test_too_few_epochs_have_no_score(reducer):
    """k answers cannot be drawn from fewer: the score is unknown, not 0."""
    assert reduce_epochs([1.0, 1.0, 1.0], reducer, 1.0) is None
