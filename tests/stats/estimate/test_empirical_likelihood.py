"""The empirical likelihood of a bounded mean: published values, limits and symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from pytest_hiddenlayer.stats.estimate.empirical_likelihood import TEST_WEIGHT, BoundedMean, signed_root

VALUES = st.lists(st.floats(0, 1), min_size=2, max_size=30)


def mean_of(values: list[float]) -> BoundedMean:
    """Independent values in [0, 1]."""
    return BoundedMean(sums=values, sizes=[1] * len(values))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=12))
def test_the_ratio_is_the_maximum_of_its_dual(values):
    """The squared root is the maximum over λ of 2 Σ log(1 + λu), found by another method."""
    array = np.array(values)
    if min(values) > -1e-3 or max(values) < 1e-3:
        return
    low, high = -1 / array.max(), -1 / array.min()
    found = minimize_scalar(
        lambda x: -2 * np.log1p(x * array).sum(), bounds=(low * (1 - 1e-9), high * (1 - 1e-9)), method="bounded",
        options={"xatol": 1e-10 * (high - low)},
    )  # fmt: skip
    assert signed_root(array) ** 2 == pytest.approx(-found.fun, abs=1e-4, rel=1e-4)


def test_values_of_one_sign_are_infinitely_far():
    """If no value lies on the other side of the mean in question, no weights reach it."""
    assert signed_root(np.array([0.1, 0.2])) == math.inf
    assert signed_root(np.array([-0.1, -0.2])) == -math.inf
    assert signed_root(np.array([0.0, 0.0])) == 0


@given(VALUES)
def test_the_interval_contains_the_mean(values):
    """For any values it lies within [0, 1], around the mean, and is wider than a point."""
    low, high = mean_of(values).interval()
    assert 0 <= low <= mean_of(values).mean + 1e-9
    assert mean_of(values).mean - 1e-9 <= high <= 1
    assert high > low


@given(VALUES)
def test_exchanging_the_bounds_mirrors_the_interval(values):
    """The interval of 1 - x is the mirror image."""
    low, high = mean_of(values).interval()
    assert mean_of([1 - value for value in values]).interval() == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_the_interval_is_where_the_tests_end(monkeypatch):
    """With the weight of the tests, the one-sided p-value is 2.5 % at both ends."""
    monkeypatch.setattr("pytest_hiddenlayer.stats.estimate.empirical_likelihood.INTERVAL_WEIGHT", TEST_WEIGHT)
    mean = mean_of([0.9, 1.0, 0.7, 1.0, 0.95, 0.4])
    low, high = mean.interval()
    assert mean.p_above(low) == pytest.approx(0.025, abs=1e-6)
    assert mean.p_below(high) == pytest.approx(0.025, abs=1e-6)


def test_many_values_have_students_interval():
    """For 5 000 values the interval is that of Student's t."""
    values = np.random.default_rng(1).beta(4, 2, size=5000)
    half_width = 1.96 * values.std(ddof=1) / math.sqrt(5000)
    found = mean_of(values.tolist()).interval()
    assert found == pytest.approx((values.mean() - half_width, values.mean() + half_width), abs=3e-4)


@pytest.mark.parametrize("n", [10, 30, 59, 100, 150])
def test_equal_values_reject_no_more_often_than_the_exact_test(n):
    """If no value of n is low, the p-value of a mean of 0.95 or less is at least 0.95^n."""
    assert mean_of([1.0] * n).p_above(0.95) >= 0.95**n


def test_copies_in_a_cluster_tell_nothing_new():
    """Each value four times in its own cluster has the interval of the values alone."""
    values = [0.9, 1.0, 0.7, 1.0, 0.95, 0.4]
    copies = BoundedMean(sums=[4 * value for value in values], sizes=[4] * 6)
    assert copies.interval() == pytest.approx(mean_of(values).interval(), abs=1e-6)
