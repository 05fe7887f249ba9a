"""What a paired comparison can see: the smallest effect of this n, and the n that an effect takes."""

from __future__ import annotations

import math
from typing import Any

from .compare import PairedTest


def sensitivity(
    paired: PairedTest, effect: float, *, alpha: float = 0.05, power: float = 0.8
) -> tuple[float | None, int] | None:
    """(smallest true change that these pairs would show, pairs at which one of `effect` would show).

    The first is None where no change can be significant, since too few clusters could differ;
    all is None for a single cluster, of which nothing can be said. To the variance that was
    seen (with two pseudo-clusters, so that pairs of which none differed promise no certainty)
    comes that of the change itself: a change of d by flips of some samples adds d · flip to the
    variance of a pair, as in Connor 1987, "Sample size for testing differences in proportions
    for the paired-sample design". Raises ValueError for an effect of 0 or less.
    """
    bound = paired.bound
    if bound is None:
        return None
    least = math.ceil(-math.log2(alpha))  # clusters that must differ: 2^-least is the smallest p
    added = bound.flip / paired.n
    needed = pairs_needed(paired.n, math.sqrt(bound.stderr**2 + added * effect), effect, alpha=alpha, power=power)
    assert needed is not None
    needed = max(needed, math.ceil(least * paired.n / paired.n_groups))
    if paired.n_groups < least:
        return None, needed
    # d = q · sqrt(stderr² + added · d) solved for d, which is q times this error
    pull = added * _quantiles(alpha, power, bound.df)
    stderr = (pull + math.hypot(pull, 2 * bound.stderr)) / 2
    return smallest_effect(stderr, alpha=alpha, power=power, df=bound.df), needed


def smallest_effect(
    stderr: float | None, *, alpha: float = 0.05, power: float = 0.8, df: float | None = None
) -> float | None:
    """The true difference that a one-sided test at `alpha` sees with probability `power`; at most 1.

    (t(1 - alpha) + t(power)) · stderr: Bloom 1995, "Minimum Detectable Effects"; with normal
    quantiles where `df` is None. None where the error is unknown.
    """
    return None if stderr is None else min(1.0, _quantiles(alpha, power, df) * stderr)


def pairs_needed(
    n: int, stderr: float | None, effect: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Pairs at which a true difference of `effect` is seen, where `n` of them had this standard error.

    None where the error is unknown. Raises ValueError for an effect of 0 or less.
    """
    if effect <= 0:
        raise ValueError(f"an effect above 0 is needed; got {effect!r}")
    if stderr is None:
        return None
    return math.ceil(n * (_quantiles(alpha, power, None) * stderr / effect) ** 2)


def mcnemar_power(n: int, p_old: float, p_new: float, correlation: float, *, alpha: float = 0.05) -> float:
    """The probability that the exact one-sided McNemar test calls the new side worse.

    Exact: the sum over the number of discordant pairs, binomial among n, and over the newly
    wrong among them. `correlation` is that of right/wrong between the sides of a pair. Raises
    ValueError where no table has these shares and this correlation.
    """
    import numpy as np
    from scipy.special import bdtr, bdtrc

    wrong, right = _discordant(p_old, p_new, correlation)
    share = wrong + right
    if n < 1 or share <= 0:
        return 0.0
    m = np.arange(1, n + 1)
    chance = np.diff(bdtr(np.arange(n + 1), n, share))  # of m discordant pairs
    least = _least_wrong(np, m, alpha)
    seen = np.where(least <= m, bdtrc(np.minimum(least, m) - 1, m, min(1.0, wrong / share)), 0.0)
    return float(min(1.0, (chance * seen).sum()))


def _discordant(p_old: float, p_new: float, correlation: float) -> tuple[float, float]:
    """Shares of newly wrong and newly right pairs."""
    spread = p_old * (1 - p_old) * p_new * (1 - p_new)
    both = p_old * p_new + correlation * math.sqrt(max(0.0, spread))
    wrong, right = p_old - both, p_new - both
    possible = 0 <= p_old <= 1 and 0 <= p_new <= 1 and min(both, wrong, right, 1 - p_old - right) >= -1e-12
    if not possible:
        raise ValueError(f"no pair has shares {p_old}, {p_new} and correlation {correlation}")
    return max(0.0, wrong), max(0.0, right)


def _least_wrong(np: Any, m: Any, alpha: float) -> Any:
    """The fewest newly wrong of m discordant pairs that are significant; m + 1 where not even all are."""
    from scipy.special import bdtrc, bdtrik

    least = np.maximum(1.0, np.floor(bdtrik(1 - alpha, m, 0.5)))
    for _ in range(2):  # the inverse is continuous, and rounded
        least += bdtrc(least - 1, m, 0.5) > alpha
    return least


def _quantiles(alpha: float, power: float, df: float | None) -> float:
    from scipy.special import ndtri, stdtrit

    if df is None:
        return float(ndtri(1 - alpha) + ndtri(power))
    return float(stdtrit(df, 1 - alpha) + stdtrit(df, power))
