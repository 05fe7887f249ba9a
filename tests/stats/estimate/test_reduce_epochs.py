"""One score from the epochs of a sample."""

from __future__ import annotations

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
    [("mean", 2 / 3), ("median", 1.0), ("mode", 1.0), ("max", 1.0), ("pass_at_k", 1.0), ("pass_hat_k", 0.0)],
)
def test_reducers_by_hand(reducer, expected):
    """1, 0, 1 over three epochs."""
    assert reduce_epochs([1.0, 0.0, 1.0], reducer, 1.0) == pytest.approx(expected)
