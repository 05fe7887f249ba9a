"""Equivalence tests: whether a true difference lies within ±margin.

Two one-sided tests, each at the level of the whole (Schuirmann 1987, "A Comparison of the Two
One-Sided Tests Procedure and the Power Approach for Assessing the Equivalence of Average
Bioavailability"): the p-value is the larger one of "the difference is at most -margin" and "the
difference is at least margin". That a difference is not significant does not show equivalence,
and a 95 % interval that is made for large samples shows it too easily: with 38 equal answers,
5 % of all may still be worse with probability 0.95^38 = 14 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..estimate.empirical_likelihood import BoundedMean
from .margin_tests import tango

_EXACT_PAIRS = 200
"""With more pairs, the score test with a continuity correction of one pair is used: its size is at most 5 % too."""

_SHARES = (0.0, *(1e-4 * 5000 ** (step / 119) for step in range(120)))
"""From 0 and 0.0001 to 0.5: candidates for the unknown share of pairs that change in the other direction."""


def equivalence_test(
    differences: Sequence[float],
    sums: Sequence[float],
    sizes: Sequence[int],
    margin: float,
    *,
    matched: bool,
) -> float:
    """The p-value of "the true difference lies outside ±margin"; 1 for a single cluster.

    `matched` differences are -1, 0 and 1 of right/wrong pairs without clusters, which have an
    exact test (`nonequivalence`). All others have the empirical likelihood of the cluster `sums`
    and `sizes`, bounded by ±1. Raises ValueError for a margin outside (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError(f"the equivalence margin must lie between 0 and 1; got {margin!r}")
    if matched:
        wrong, right, n = differences.count(-1), differences.count(1), len(differences)
        return max(nonequivalence(wrong, right, n, margin), nonequivalence(right, wrong, n, margin))
    if len(sums) < 2:
        return 1.0
    mean = BoundedMean(sums=sums, sizes=sizes, low=-1.0, high=1.0)
    return max(mean.p_above(-margin), mean.p_below(margin))


@lru_cache(maxsize=4096)
def nonequivalence(newly_wrong: int, newly_right: int, n: int, margin: float) -> float:
    """The p-value of "at least `margin` more pairs become wrong than right", small if fewer seem to.

    The exact unconditional test: the largest probability, over all shares of newly right pairs,
    of a table whose score statistic (Tango 1998) is at least the observed one; Hsueh, Liu & Chen
    2001, "Unconditional Exact Tests for Equivalence or Noninferiority for Paired Binary
    Endpoints". If nothing changes it is at least (1 - margin)^n. A statistic below 1, which cannot
    be significant, gets the score test's own p-value.
    """
    from scipy.special import ndtr

    observed = float(tango(newly_wrong, newly_right, n, margin))
    if observed < 1:
        return float(ndtr(-observed))
    if n > _EXACT_PAIRS:
        return float(ndtr(-tango(newly_wrong, newly_right, n, margin, correction=1.0)))
    statistic, log_ways = _tables(n, margin)
    wrong, right = np.nonzero(statistic >= observed - 1e-9)
    ways = log_ways[wrong, right]
    return min(1.0, max(_chance(ways, wrong, right, n, share, margin) for share in _SHARES))


def fewest_clusters(margin: float, alpha: float = 0.05) -> int:
    """The number of independent pairs at which equivalence can be shown at all: if none of them changes."""
    return math.ceil(math.log(alpha) / math.log1p(-margin))


def _chance(ways: Any, wrong: Any, right: Any, n: int, share: float, margin: float) -> float:
    """The probability of these tables if `share` of the pairs become right and share + margin become wrong."""
    equal = 1 - 2 * share - margin
    if equal < 0:
        return 0.0
    from scipy.special import xlogy

    return float(
        np.exp(ways + xlogy(wrong, share + margin) + xlogy(right, share) + xlogy(n - wrong - right, equal)).sum()
    )


@lru_cache(maxsize=32)
def _tables(n: int, margin: float) -> tuple[Any, Any]:
    """(score statistic, logarithm of the number of ways) of every (newly wrong, newly right); (n + 1, n + 1)."""
    from scipy.special import gammaln

    counts = np.arange(n + 1)
    wrong, right = np.meshgrid(counts, counts, indexing="ij")
    possible = wrong + right <= n
    statistic = np.where(possible, tango(wrong, right, n, margin), -np.inf)
    equal = np.maximum(n - wrong - right, 0)
    log_ways = gammaln(n + 1) - gammaln(wrong + 1) - gammaln(right + 1) - gammaln(equal + 1)
    return statistic, log_ways
