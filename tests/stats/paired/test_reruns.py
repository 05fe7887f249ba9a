"""The test of reruns, for samples with more answers on one side: exact values and error rate."""

from __future__ import annotations

import itertools
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.stats.paired.compare import compare_pairs, mcnemar_worse
from pytest_hiddenlayer.stats.paired.reruns import pooled_variances, rerun_test

GRADES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
SIDES = st.tuples(st.lists(GRADES, min_size=1, max_size=2), st.lists(GRADES, min_size=1, max_size=3))


def enumerated(samples) -> tuple[float, float]:
    """The p-values by enumeration of all ways to divide each sample's answers between the two sides."""
    differences = []
    for old, new in samples:
        answers, chosen = [*old, *new], range(len(old) + len(new))
        ways = []
        for now in itertools.combinations(chosen, len(new)):
            before = [answers[i] for i in chosen if i not in now]
            ways.append(fmean(answers[i] for i in now) - fmean(before))
        differences.append(ways)
    totals = [sum(way) for way in itertools.product(*differences)]
    observed = sum(fmean(new) - fmean(old) for old, new in samples)
    low = sum(total <= observed + 1e-9 for total in totals) / len(totals)
    return low, sum(total >= observed - 1e-9 for total in totals) / len(totals)


@given(st.lists(SIDES, min_size=1, max_size=4))
@settings(max_examples=60)
def test_the_p_values_are_those_of_dividing_the_answers_anew(samples):
    """Partial scores, and any number of answers per sample and side: equal to the enumeration."""
    old, new = zip(*samples, strict=True)
    low, high, method = rerun_test(old, new)
    assert (low, high) == pytest.approx(enumerated(samples))
    assert method.startswith("exact")


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_with_one_answer_each_it_is_mcnemar(wrong, right, same):
    """With one right/wrong answer per side it is the exact McNemar test."""
    old = [[1.0]] * wrong + [[0.0]] * right + [[1.0]] * same
    new = [[0.0]] * wrong + [[1.0]] * right + [[1.0]] * same
    assert rerun_test(old, new)[:2] == pytest.approx((mcnemar_worse(wrong, right), mcnemar_worse(right, wrong)))


def test_scores_on_no_grid_are_drawn():
    """Scores without a common step use 20 000 random divisions, which come near the enumeration."""
    random = np.random.default_rng(1)
    samples = [(random.random(1).tolist(), random.random(3).tolist()) for _ in range(6)]
    low, high, method = rerun_test(*zip(*samples, strict=True))
    assert method == "test of reruns, 20000 draws"
    assert (low, high) == pytest.approx(enumerated(samples), abs=0.015)


def test_rounded_scores_equal_themselves():
    """A third that a snapshot rounds is the third of the other side: the distribution stays exact."""
    old, new = [[0.333333]] * 3, [[1 / 3, 2 / 3]] * 3
    low, high, method = rerun_test(old, new)
    assert method.startswith("exact")
    assert (low, high) == pytest.approx(enumerated([([1 / 3], [1 / 3, 2 / 3])] * 3), abs=1e-6)


def test_the_variance_of_an_answer_is_pooled():
    """One right old answer and three right of five new ones: 4 of 6, with ddof 1."""
    assert pooled_variances([[1.0]], [[1.0, 1.0, 1.0, 0.0, 0.0]]) == pytest.approx([4 * 2 / (6 * 5)])


def test_the_larger_p_counts_if_the_numbers_of_answers_differ():
    """Thirty samples right once, five of them wrong once in five epochs now: a rerun may differ as much."""
    old, new = [1.0] * 30, [0.8] * 5 + [1.0] * 25
    answers = [[1.0]] * 30, [[1.0] * 4 + [0.0]] * 5 + [[1.0] * 5] * 25
    sign_flip, both = compare_pairs(old, new), compare_pairs(old, new, answers=answers)
    assert sign_flip.p_worse == pytest.approx(1 / 32)
    assert both.p_worse == pytest.approx((5 / 6) ** 5)
    assert both.method.endswith("and exact test of reruns")


def test_one_partial_score_does_not_switch_the_test_off():
    """The same change, with one partial score among the samples, stays as uncertain as it is."""
    old, new = [1.0] * 19 + [0.5], [0.8] * 5 + [1.0] * 14 + [0.5]
    answers = [[1.0]] * 19 + [[0.5]], [[1.0] * 4 + [0.0]] * 5 + [[1.0] * 5] * 14 + [[0.5] * 5]
    assert compare_pairs(old, new, answers=answers).p_worse == pytest.approx((5 / 6) ** 5)


def answers_of(random, chances, epochs, *, grades=1, lost=0.0) -> list[list[float]]:
    """Answers with these chances, on a scale of `grades` steps; each after the first is lost with chance `lost`."""
    drawn = random.binomial(grades, chances[:, None], size=(len(chances), epochs)) / grades
    kept = random.random(drawn.shape) >= lost
    kept[:, 0] = True
    return [row[keep].tolist() for row, keep in zip(drawn, kept, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"epochs": 1}, {"epochs": 5}, marks=pytest.mark.slow),
        ({"epochs": 1, "grades": 4}, {"epochs": 5, "grades": 4}),
        ({"epochs": 5, "grades": 4}, {"epochs": 5, "grades": 4, "lost": 0.5}),
        ({"epochs": 5, "lost": 0.3}, {"epochs": 5, "lost": 0.3}),
    ],
)
def test_false_alarms_with_unequal_answers(old, new):
    """Over 400 reruns with one or five epochs, right/wrong or partial, lost or not, at most 7 % are called worse."""
    random, alarms = np.random.default_rng(1), 0
    for _ in range(400):
        chances = random.beta(9, 1, size=30)
        answers = answers_of(random, chances, **old), answers_of(random, chances, **new)
        means = [[fmean(sample) for sample in side] for side in answers]
        alarms += compare_pairs(*means, answers=answers).p_worse <= 0.05
    assert alarms / 400 <= 0.07
