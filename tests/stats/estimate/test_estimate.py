"""The mean with standard error and interval of independent scores."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.stats.estimate.mean_interval import estimate, wilson


def test_mean_and_standard_error_by_hand():
    """1, 0, 1, 0: mean 1/2, standard error sqrt((1/3)/4)."""
    found = estimate([1.0, 0.0, 1.0, 0.0])
    assert (found.mean, found.n) == (0.5, 4)
    assert found.stderr == pytest.approx(math.sqrt(1 / 12))


def test_wilson_against_a_published_example():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_nothing_scored_is_unknown():
    """No value: mean, error and interval are unknown; one value: no error."""
    assert estimate([]).mean is None
    assert estimate([1.0]).stderr is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_estimates_are_never_nan_and_hold_their_mean(values):
    """For any scores, mean and interval are finite, in order and within [0, 1]."""
    found = estimate(values)
    assert min(values) <= found.mean <= max(values)
    assert found.stderr is None or found.stderr >= 0
    if found.ci95 is not None:
        assert 0 <= found.ci95[0] <= found.mean + 1e-9
        assert found.mean - 1e-9 <= found.ci95[1] <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_right_and_wrong_have_the_exact_interval(values):
    """Scores of 0 and 1 get Clopper and Pearson's interval, which never has width 0 and contains Wilson's."""
    found = estimate([float(value) for value in values])
    low, high = wilson(sum(values) / len(values), len(values))
    assert found.ci95[0] <= low + 0.01
    assert found.ci95[1] >= high - 0.01
    assert found.ci95[0] < found.ci95[1]


@pytest.mark.parametrize(("share", "known"), [(0.0, (0.0, 0.2775)), (1.0, (0.7225, 1.0))])
def test_wilson_at_the_ends(share, known):
    """0 of 10 and 10 of 10: one end is exact, the other z²/(n + z²) away."""
    assert wilson(share, 10) == pytest.approx(known, abs=5e-5)


def test_wilson_narrows_to_the_share():
    """With very many samples the interval shrinks to the share."""
    assert wilson(0.3, 10**9) == pytest.approx((0.3, 0.3), abs=1e-4)
