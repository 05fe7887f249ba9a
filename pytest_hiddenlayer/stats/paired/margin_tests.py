"""Non-inferiority tests: one-sided p-values for "the true difference is at least -margin"."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .pseudo_cluster_error import PseudoClusterError

_CORRECTION = 0.5  # of a pair: with it the exact size at α = 5 % is at most 5.6 %, without it up to 7.5 %


def matched_margin(newly_wrong: int, newly_right: int, n: int, margin: float) -> float:
    """The p-value of Tango's score test for n right/wrong pairs, with a continuity correction of half a pair.

    Chang et al. 2024, "Continuity corrected score confidence interval for the difference in
    proportions in paired data", use a correction too. Half a pair suffices by the exact sizes
    for 10 to 320 pairs.
    """
    from scipy.special import ndtr

    return float(ndtr(tango(newly_wrong, newly_right, n, margin, correction=_CORRECTION)))


def tango(newly_wrong: int, newly_right: int, n: int, margin: float, *, correction: float = 0.0) -> float:
    """The score statistic for a true difference of -margin, standard normal under it; lower is worse.

    Tango 1998, "Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design". The share of newly wrong pairs is estimated under the constraint
    that the shares differ by the margin; it is the positive root of
    2n p² - (b + c + m(b - c) + 2nm) p + bm(1 + m) = 0.
    """
    b, c, m = newly_wrong, newly_right, margin
    middle = b + c + m * (b - c) + 2 * n * m
    root = math.sqrt(max(0.0, middle * middle - 8 * n * b * m * (1 + m)))
    share = (middle + root) / (4 * n)
    variance = n * (2 * share - m * (1 + m))
    score = c - b + n * m
    score = math.copysign(max(0.0, abs(score) - correction), score)
    if variance <= 0:
        return 0.0 if score == 0 else math.copysign(math.inf, score)
    return score / math.sqrt(variance)


def mean_margin(differences: Sequence[float], pseudo_error: PseudoClusterError | None, margin: float) -> float:
    """The p-value of Student's t for the mean difference plus the margin; 1 for a single cluster.

    The standard error is clustered and includes pseudo-clusters; the degrees of freedom count
    equal-sized clusters.
    """
    if pseudo_error is None:
        return 1.0
    return pseudo_error.below((math.fsum(differences) / len(differences) + margin) / pseudo_error.stderr)
