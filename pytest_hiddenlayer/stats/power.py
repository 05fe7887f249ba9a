"""What a paired comparison can see: the smallest effect of this n, and the n that an effect takes."""

from __future__ import annotations

import math

from .paired import Paired


def sensitivity(
    paired: Paired, effect: float, *, alpha: float = 0.05, power: float = 0.8
) -> tuple[float, int] | None:
    """(smallest true change that these pairs would show, pairs at which one of `effect` would show).

    None for a single cluster, of which nothing can be said. The variance is the observed one
    with two pseudo-clusters, so that pairs of which none differed promise no certainty.
    """
    if paired.bound_stderr is None:
        return None
    found = smallest_effect(paired.bound_stderr, alpha=alpha, power=power)
    return found, pairs_needed(paired.n, paired.bound_stderr, effect, alpha=alpha, power=power)


def smallest_effect(stderr: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The true difference that a one-sided test at `alpha` sees with probability `power`; at most 1.

    (z(1 - alpha) + z(power)) · stderr: Bloom 1995, "Minimum Detectable Effects".
    """
    return min(1.0, _quantiles(alpha, power) * stderr)


def pairs_needed(n: int, stderr: float, effect: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Pairs at which a true difference of `effect` is seen, where `n` of them had this standard error."""
    if effect <= 0:
        raise ValueError(f"an effect above 0 is needed; got {effect!r}")
    return math.ceil(n * (_quantiles(alpha, power) * stderr / effect) ** 2)


def mcnemar_power(n: int, p_old: float, p_new: float, correlation: float, *, alpha: float = 0.05) -> float:
    """The probability that the exact one-sided McNemar test calls the new side worse.

    Exact: the sum over the number of discordant pairs, binomial among n, and over the newly
    wrong among them. `correlation` is that of right/wrong between the sides of a pair. Raises
    ValueError where no table has these shares and this correlation.
    """
    from scipy.special import bdtr, bdtrc

    both = p_old * p_new + correlation * math.sqrt(p_old * (1 - p_old) * p_new * (1 - p_new))
    wrong, right = p_old - both, p_new - both
    if min(both, wrong, right, 1 - p_old - right) < -1e-12:
        raise ValueError(f"no pair has shares {p_old}, {p_new} and correlation {correlation}")
    discordant = wrong + right
    if discordant <= 0:
        return 0.0
    total = 0.0
    for m in range(1, n + 1):
        least = _least_wrong(m, alpha)
        if least is not None:
            chance = float(bdtr(m, n, discordant) - bdtr(m - 1, n, discordant))
            total += chance * float(bdtrc(least - 1, m, wrong / discordant))
    return min(1.0, total)


def _least_wrong(m: int, alpha: float) -> int | None:
    """The fewest newly wrong of m discordant pairs that are significant; None where not even all are."""
    if 0.5**m > alpha:
        return None
    from scipy.special import bdtrc

    least = m // 2
    while bdtrc(least - 1, m, 0.5) > alpha:
        least += 1
    return least


def _quantiles(alpha: float, power: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - alpha) + ndtri(power))
