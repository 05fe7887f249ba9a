"""The test of reruns, for sides with different numbers of epochs: exact values and error rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.stats.paired.compare import compare_pairs, mcnemar_worse
from pytest_hiddenlayer.stats.paired.stratified_exact import contingency_tables, rerun_test, within_variance


def dealt(samples) -> tuple[float, float]:
    """The p-values by enumeration of all ways to deal each sample's answers to the two sides."""
    counts = []
    for old, right, new, also in samples:
        answers = [1] * (right + also) + [0] * (old + new - right - also)
        counts.append([sum(answers[i] for i in chosen) for chosen in itertools.combinations(range(old + new), new)])
    totals = [sum(way) for way in itertools.product(*counts)]
    ours = sum(also for _, _, _, also in samples)
    low, high = (sum(t <= ours for t in totals), sum(t >= ours for t in totals))
    return low / len(totals), high / len(totals)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=4))
@settings(max_examples=40)
def test_the_p_values_are_those_of_dealing_the_answers_anew(rights):
    """One old and three new answers per sample: equal to the enumeration of all deals."""
    samples = [(1, old, 3, new) for old, new in rights]
    assert rerun_test(samples) == pytest.approx(dealt(samples))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_with_one_epoch_each_it_is_mcnemar(wrong, right, same):
    """With one epoch per side it is the exact McNemar test."""
    samples = [(1, 1, 1, 0)] * wrong + [(1, 0, 1, 1)] * right + [(1, 1, 1, 1)] * same
    assert rerun_test(samples) == pytest.approx((mcnemar_worse(wrong, right), mcnemar_worse(right, wrong)))


def test_scores_become_tables():
    """Tables are recovered from means over epochs; fewer scored epochs give fewer answers, graded scores no table."""
    assert contingency_tables([1.0, 0.0], [0.6, 0.5], (1, 5)) == [(1, 1, 5, 3), (1, 0, 4, 2)]
    assert contingency_tables([0.37], [0.6], (1, 5)) is None
    assert within_variance([(1, 1, 5, 3)]) == pytest.approx(4 * 2 / (6 * 5))


def test_the_larger_p_counts_where_epochs_differ():
    """Thirty samples right once, five of them wrong once in five epochs now: a rerun may differ as much."""
    old, new = [1.0] * 30, [0.8] * 5 + [1.0] * 25
    naive, told = compare_pairs(old, new), compare_pairs(old, new, epochs=(1, 5))
    assert naive.p_worse == pytest.approx(1 / 32)
    assert told.p_worse == pytest.approx((5 / 6) ** 5)
    assert told.method.endswith("exact test of reruns with 1 and 5 epochs")


@pytest.mark.parametrize(("n", "p"), [(20, 0.95), (60, 0.9)])
def test_false_alarms_with_unequal_epochs(n, p):
    """Over 2 000 reruns with one old and five new epochs at most 5.5 % are called worse; without them up to 8 %."""
    random = np.random.default_rng(1)
    chance = random.beta(20 * p, 20 * (1 - p), size=(2000, n))
    old, new = random.binomial(1, chance), random.binomial(5, chance) / 5
    alarms = [
        (
            compare_pairs(a.tolist(), b.tolist(), epochs=(1, 5)).p_worse <= 0.05,
            compare_pairs(a.tolist(), b.tolist()).p_worse <= 0.05,
        )
        for a, b in zip(old.astype(float), new, strict=True)
    ]
    with_epochs, without = np.mean(alarms, axis=0)
    print(f"n={n} p={p}: with epochs {with_epochs:.3f}, without {without:.3f}")
    assert with_epochs <= 0.055
    assert without > with_epochs
