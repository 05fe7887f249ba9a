"""Paired right/wrong answers without clusters: Agresti–Min's interval and McNemar's exact test."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pytest_hiddenlayer.stats.paired.compare import compare_pairs, mcnemar_worse


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


def test_paired_interval_by_hand():
    """5 worse, 1 better of 20: -4/22 ± 1.96 · sqrt(7 - 16/22)/22."""
    half = 1.959964 * math.sqrt(7 - 16 / 22) / 22
    assert paired_difference(5, 1, 20) == pytest.approx((-0.2, -4 / 22 - half, -4 / 22 + half))


def test_paired_interval_shrinks_with_n():
    """If no pair differs, the interval is around 0, and within ±0.05 from 40 pairs on."""
    assert paired_difference(0, 0, 40)[1:] == pytest.approx((-0.0467, 0.0467), abs=1e-4)
    assert paired_difference(0, 0, 10)[2] > 0.05


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial(worse, better):
    """The p-value is that of scipy's one-sided binomial test on the discordant pairs."""
    expected = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue if worse + better else 1.0
    assert mcnemar_worse(worse, better) == pytest.approx(expected)


def test_five_against_none_is_the_first_significance():
    """5:0 has p = 1/32, 4:0 has p = 1/16."""
    assert mcnemar_worse(5, 0) == pytest.approx(1 / 32)
    assert mcnemar_worse(4, 0) == pytest.approx(1 / 16)
