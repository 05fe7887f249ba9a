"""Equivalence: its level at the boundary, the smallest sample, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln, xlogy

from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.stats.paired.equivalence import fewest_clusters, nonequivalence

MARGIN = 0.05


def equivalent(n: int, margin: float = MARGIN) -> float:
    """The p-value if none of n pairs changes."""
    return compare_pairs([1.0] * n, [1.0] * n, min_effect=margin).p_different


def size(n: int, share: float, margin: float = MARGIN) -> float:
    """The exact chance of p at most 0.05 if share + margin of the pairs become wrong and `share` become right.

    Tables of a chance below 1e-9 all count as p at most 0.05, so that the largest error is on the safe side.
    """
    wrong, right = np.nonzero(np.add.outer(np.arange(n + 1), np.arange(n + 1)) <= n)
    equal = n - wrong - right
    ways = gammaln(n + 1) - gammaln(wrong + 1) - gammaln(right + 1) - gammaln(equal + 1)
    chances = np.exp(ways + xlogy(wrong, share + margin) + xlogy(right, share) + xlogy(equal, 1 - 2 * share - margin))
    tables = zip(wrong.tolist(), right.tolist(), chances.tolist(), strict=True)
    return sum(chance for w, r, chance in tables if chance < 1e-9 or nonequivalence(w, r, n, margin) <= 0.05)


@pytest.mark.parametrize(("n", "share"), [(38, 0.0), (59, 0.0), (60, 0.02), (70, 0.3)])
def test_a_difference_of_the_margin_is_rarely_called_same(n, share):
    """By enumeration, a true loss of just the margin passes in at most 5 %."""
    assert size(n, share) <= 0.05


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_large_samples_keep_the_level(share):
    """Above 200 pairs the corrected score test is used: 5 000 draws of 300 pairs pass in at most 5.6 %."""
    random = np.random.default_rng(1)
    tables = random.multinomial(300, [share + MARGIN, share, 1 - 2 * share - MARGIN], size=5000)
    passed = [nonequivalence(int(wrong), int(right), 300, MARGIN) <= 0.05 for wrong, right, _ in tables]
    assert np.mean(passed) <= 0.056


def test_equal_answers_are_the_same_from_59_pairs_on():
    """0.95^58 is above 5 %, 0.95^59 below: no fewer pairs can rule out a loss of 5 points."""
    assert fewest_clusters(MARGIN) == 59
    assert equivalent(58) == pytest.approx(0.95**58)
    assert equivalent(58) > 0.05 > equivalent(59) == pytest.approx(0.95**59)


def test_both_directions_count():
    """Pairs that became right are as far from `same` as pairs that became wrong."""
    old, new = [1.0] * 10 + [0.0] * 190, [0.0] * 200
    assert compare_pairs(old, new, min_effect=MARGIN).p_different == pytest.approx(
        compare_pairs(new, old, min_effect=MARGIN).p_different
    )
    assert compare_pairs(old, new, min_effect=MARGIN).p_different > 0.3


def test_a_wider_margin_is_easier():
    """p falls as the margin grows."""
    old, new = [1.0] * 3 + [0.0] * 97, [0.0] * 100
    found = [compare_pairs(old, new, min_effect=margin).p_different for margin in (0.02, 0.05, 0.1, 0.2)]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("sizes", [[5] * 40, [1, 2, 3, 9, 15] * 12])
@pytest.mark.parametrize("share", [0.0, pytest.param(0.1, marks=pytest.mark.slow)])
def test_groups_that_change_as_a_whole_keep_the_level(sizes, share):
    """A loss of the margin by whole groups passes in at most 6.5 % of 500 runs."""
    random = np.random.default_rng(2)
    groups = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
    passed = 0
    for _ in range(500):
        draws = random.choice([-1.0, 1.0, 0.0], p=[share + MARGIN, share, 1 - 2 * share - MARGIN], size=len(sizes))
        change = draws.repeat(sizes)
        old, new = (change < 0).astype(float), (change > 0).astype(float)
        passed += compare_pairs(old.tolist(), new.tolist(), groups, min_effect=MARGIN).p_different <= 0.05
    assert passed / 500 <= 0.065


def test_graded_scores_keep_the_level():
    """A loss of the margin by rare large drops passes in at most 6.5 % of 500 runs."""
    random, passed = np.random.default_rng(3), 0
    for _ in range(500):
        drop = np.where(random.random(80) < 0.1, 0.5, 0.0)
        old = 0.5 + 0.01 * random.random(80)
        passed += compare_pairs(old.tolist(), (old - drop).tolist(), min_effect=MARGIN).p_different <= 0.05
    assert passed / 500 <= 0.065


def test_one_cluster_shows_nothing():
    """A single cluster is never the same."""
    assert compare_pairs([0.5] * 9, [0.5] * 9, ["g"] * 9, min_effect=MARGIN).p_different == 1


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1])
def test_a_margin_that_is_none_is_refused(margin):
    """The equivalence margin lies between 0 and 1."""
    with pytest.raises(ValueError, match="equivalence margin"):
        equivalent(10, margin)
