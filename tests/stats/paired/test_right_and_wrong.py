"""Paired right/wrong answers without clusters: Tango's interval and McNemar's exact test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, multinomial

from pytest_hiddenlayer.stats.paired.compare import compare_pairs, mcnemar_worse
from pytest_hiddenlayer.stats.paired.margin_tests import tango, tango_interval


def paired_difference(newly_wrong: int, newly_right: int, n: int) -> tuple[float, float, float]:
    """(difference, low, high) of right/wrong answers without clusters."""
    old = [1.0] * newly_wrong + [0.0] * (n - newly_wrong)
    new = [0.0] * newly_wrong + [1.0] * newly_right + [0.0] * (n - newly_wrong - newly_right)
    found = compare_pairs(old, new)
    return (found.difference, *found.ci95)


@given(st.data(), st.integers(2, 200))
def test_paired_interval_holds_its_difference(data, n):
    """For every table the interval lies within [-1, 1] and contains the difference."""
    worse = data.draw(st.integers(0, n))
    better = data.draw(st.integers(0, n - worse))
    difference, low, high = paired_difference(worse, better, n)
    assert difference == pytest.approx((better - worse) / n)
    assert -1 <= low <= difference <= high <= 1


@pytest.mark.parametrize(("wrong", "right", "n"), [(5, 1, 20), (0, 3, 40), (7, 7, 50)])
def test_the_interval_ends_where_the_score_test_rejects(wrong, right, n):
    """At both ends Tango's statistic is 1.96 away from the observed difference."""
    _, low, high = paired_difference(wrong, right, n)
    assert float(tango(wrong, right, n, -low) if low <= 0 else -tango(right, wrong, n, low)) == pytest.approx(
        1.96, abs=1e-4
    )
    assert float(tango(right, wrong, n, high) if high >= 0 else -tango(wrong, right, n, -high)) == pytest.approx(
        1.96, abs=1e-4
    )


def test_paired_interval_shrinks_with_n():
    """If no pair differs, the interval is around 0: z²/(n + z²) wide on each side."""
    assert paired_difference(0, 0, 40)[1:] == pytest.approx((-3.8415 / 43.8415, 3.8415 / 43.8415), abs=1e-4)
    assert paired_difference(0, 0, 10)[2] > 0.05


@pytest.mark.parametrize("n", [10, 38, 70, 100])
@pytest.mark.parametrize(("wrong", "right"), [(0.05, 0.0), (0.02, 0.0), (0.1, 0.0), (0.2, 0.01), (0.1, 0.1)])
def test_the_interval_covers(n, wrong, right):
    """By enumeration of all tables, it contains the true difference in at least 93 %; rare tables count as misses."""
    tables = np.array([(b, c, n - b - c) for b in range(n + 1) for c in range(n + 1 - b)])
    chances = multinomial.pmf(tables, n, [wrong, right, 1 - wrong - right])
    covered = 0.0
    for (b, c, _), chance in zip(tables[chances > 1e-9].tolist(), chances[chances > 1e-9].tolist(), strict=True):
        low, high = tango_interval(b, c, n)
        if low <= right - wrong <= high:
            covered += chance
    assert covered >= 0.93


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial(worse, better):
    """The p-value is that of scipy's one-sided binomial test on the discordant pairs."""
    expected = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue if worse + better else 1.0
    assert mcnemar_worse(worse, better) == pytest.approx(expected)


def test_five_against_none_is_the_first_significance():
    """5:0 has p = 1/32, 4:0 has p = 1/16."""
    assert mcnemar_worse(5, 0) == pytest.approx(1 / 32)
    assert mcnemar_worse(4, 0) == pytest.approx(1 / 16)
