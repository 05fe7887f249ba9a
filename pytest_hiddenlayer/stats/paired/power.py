"""Power of a paired comparison: the minimum detectable effect (MDE), and the pairs that an effect needs.

(t(1 - α) + t(power)) · standard error: Bloom 1995, "Minimum Detectable Effects".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import PairedTest


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensitivity:
    """What a paired comparison can detect, with the given power."""

    smallest_effect: float | None  # minimum detectable effect (MDE); None: too few clusters for any
    pairs_needed: int | None  # to detect the effect in question; None: it lies within the margin


def sensitivity(
    paired: PairedTest, effect: float, *, alpha: float = 0.05, margin: float = 0.0, power: float = 0.8
) -> Sensitivity | None:
    """What these pairs can detect at `alpha`, and how many it takes to detect `effect`; None for a single cluster.

    A change d is detected if it is significantly beyond the non-inferiority `margin`. In a
    session with several cells, pass the α of Holm's first step, α divided by their number. The
    variance is the observed one (with two pseudo-clusters, so that it is not 0 if no pair
    differs) plus that of the change itself: a change of d by flips of whole clusters adds
    d · flip · cluster size to the variance of a pair, as in Connor 1987, "Sample size for testing
    differences in proportions for the paired-sample design". Changes within clusters are easier
    to detect. Raises ValueError for an effect of 0 or less.
    """
    if effect <= 0:
        raise ValueError(f"the effect must be above 0; got {effect!r}")
    error = paired.bound
    if error is None:
        return None
    min_clusters = math.ceil(-math.log2(alpha))  # that must differ: 2^-min_clusters is the smallest p
    added = error.flip * error.cluster_size / paired.n
    needed = None
    if effect > margin:
        ratio = _quantiles(alpha, power, None) / (effect - margin)
        needed = math.ceil(paired.n * ratio**2 * (error.stderr**2 + added * effect))
        needed = max(needed, math.ceil(min_clusters * paired.n / paired.n_groups))
    if paired.n_groups < min_clusters:
        return Sensitivity(smallest_effect=None, pairs_needed=needed)
    # (d - margin)² = q² · (stderr² + added · d), solved for d
    squared = _quantiles(alpha, power, error.df) ** 2
    middle = margin + squared * added / 2
    smallest = middle + math.sqrt(max(0.0, middle * middle - margin * margin + squared * error.stderr**2))
    return Sensitivity(smallest_effect=min(1.0, smallest), pairs_needed=needed)


def mcnemar_power(n: int, p_old: float, p_new: float, correlation: float, *, alpha: float = 0.05) -> float:
    """The probability that the exact one-sided McNemar test calls the new side worse.

    Exact: the sum over the number of discordant pairs, binomial among n, and over the newly
    wrong among them. `correlation` is that of right/wrong between the sides of a pair. Raises
    ValueError if no table has these shares and this correlation.
    """
    from scipy.special import bdtr, bdtrc

    wrong, right = _discordant(p_old, p_new, correlation)
    share = wrong + right
    if n < 1 or share <= 0:
        return 0.0
    m = np.arange(1, n + 1)
    chance = np.diff(bdtr(np.arange(n + 1), n, share))  # of m discordant pairs
    fewest = _fewest_significant(m, alpha)
    detected = np.where(fewest <= m, bdtrc(np.minimum(fewest, m) - 1, m, min(1.0, wrong / share)), 0.0)
    return float(min(1.0, (chance * detected).sum()))


def _discordant(p_old: float, p_new: float, correlation: float) -> tuple[float, float]:
    """Shares of newly wrong and newly right pairs."""
    variances = p_old * (1 - p_old) * p_new * (1 - p_new)
    both_right = p_old * p_new + correlation * math.sqrt(max(0.0, variances))
    wrong, right = p_old - both_right, p_new - both_right
    exists = 0 <= p_old <= 1 and 0 <= p_new <= 1 and min(both_right, wrong, right, 1 - p_old - right) >= -1e-12
    if not exists:
        raise ValueError(f"no table has shares {p_old} and {p_new} with correlation {correlation}")
    return max(0.0, wrong), max(0.0, right)


def _fewest_significant(m: Any, alpha: float) -> Any:
    """The fewest newly wrong of m discordant pairs that are significant; m + 1 if not even all are."""
    from scipy.special import bdtrc, bdtrik

    fewest = np.maximum(1.0, np.floor(bdtrik(1 - alpha, m, 0.5)))
    for _ in range(2):  # the inverse is continuous and rounded
        fewest += bdtrc(fewest - 1, m, 0.5) > alpha
    return fewest


def _quantiles(alpha: float, power: float, df: float | None) -> float:
    from scipy.special import ndtri, stdtrit

    if df is None:
        return float(ndtri(1 - alpha) + ndtri(power))
    return float(stdtrit(df, 1 - alpha) + stdtrit(df, power))
