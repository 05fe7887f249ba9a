"""Power of a paired comparison: the minimum detectable effect (MDE), and the pairs that an effect needs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .compare import PairedTest


def sensitivity(
    paired: PairedTest, effect: float, *, alpha: float = 0.05, power: float = 0.8
) -> tuple[float | None, int] | None:
    """(minimum detectable effect of these pairs, number of pairs at which `effect` is detectable).

    The first is None if no change can be significant, because there are too few clusters. The
    result is None for a single cluster, whose error is unknown. The variance is the observed one
    (with two pseudo-clusters, so that it is not 0 if no pair differs) plus that of the change
    itself: a change of d by flips of some samples adds d · flip to the variance of a pair, as in
    Connor 1987, "Sample size for testing differences in proportions for the paired-sample
    design". Raises ValueError for an effect of 0 or less.
    """
    pseudo_error = paired.bound
    if pseudo_error is None:
        return None
    min_clusters = math.ceil(-math.log2(alpha))  # that must differ: 2^-min_clusters is the smallest p
    added = pseudo_error.flip / paired.n
    needed = pairs_needed(
        paired.n, math.sqrt(pseudo_error.stderr**2 + added * effect), effect, alpha=alpha, power=power
    )
    assert needed is not None
    needed = max(needed, math.ceil(min_clusters * paired.n / paired.n_groups))
    if paired.n_groups < min_clusters:
        return None, needed
    # d = q · sqrt(stderr² + added · d) solved for d, which is q times this error
    linear = added * _quantiles(alpha, power, pseudo_error.df)
    stderr = (linear + math.hypot(linear, 2 * pseudo_error.stderr)) / 2
    return minimum_detectable_effect(stderr, alpha=alpha, power=power, df=pseudo_error.df), needed


def minimum_detectable_effect(
    stderr: float | None, *, alpha: float = 0.05, power: float = 0.8, df: float | None = None
) -> float | None:
    """The true difference that a one-sided test at `alpha` detects with probability `power`; at most 1.

    (t(1 - alpha) + t(power)) · stderr: Bloom 1995, "Minimum Detectable Effects"; with normal
    quantiles if `df` is None. Returns None if the standard error is unknown.
    """
    return None if stderr is None else min(1.0, _quantiles(alpha, power, df) * stderr)


def pairs_needed(
    n: int, stderr: float | None, effect: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Pairs at which a true difference of `effect` is detected, given the standard error of `n` pairs.

    Returns None if the standard error is unknown. Raises ValueError for an effect of 0 or less.
    """
    if effect <= 0:
        raise ValueError(f"the effect must be above 0; got {effect!r}")
    if stderr is None:
        return None
    return math.ceil(n * (_quantiles(alpha, power, None) * stderr / effect) ** 2)


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
