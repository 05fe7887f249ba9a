"""Two sides scored on the same samples: how far apart are they, and is one worse?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .clusters import clustered_stderr, clusters
from .signflip import signflip


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """A paired comparison. Differences are new minus old, so that below 0 is worse."""

    n: int  # pairs
    n_groups: int  # clusters; n where no sample has a group
    old_mean: float
    new_mean: float
    difference: float
    ci95: tuple[float, float] | None  # of the difference, within [-1, 1]; None: a single cluster
    stderr: float | None  # of the difference, CR1; None: a single cluster
    bound_stderr: float | None  # the same with two pseudo-clusters added: never 0
    p_worse: float  # one-sided, H0: the true difference is at least -margin
    p_better: float  # one-sided, H0: the true difference is at most 0
    method: str  # how the p-values were found


def compare_pairs(
    old: Sequence[float],
    new: Sequence[float],
    groups: Sequence[str | None] | None = None,
    *,
    margin: float = 0.0,
    seed: int = 0,
) -> Paired:
    """The paired comparison of per-sample scores in [0, 1]; a sample without group is a cluster of its own.

    Raises ValueError for unequal lengths, for no pair, and for a score that is none.
    """
    _check(old, new, groups, margin)
    differences = [b - a for a, b in zip(old, new, strict=True)]
    sums, sizes = clusters(differences, groups)
    plain = len(sums) == len(differences)
    matched = all(value in (0, 1) for value in (*old, *new))
    worse, better, method = _tests(differences, sums, plain=plain, matched=matched, seed=seed)
    stderr, bound = clustered_stderr(sums, sizes), bounded_stderr(sums, sizes, differences)
    difference = math.fsum(differences) / len(differences)
    if margin > 0:
        shifted, name = _margin_test(differences, sums, sizes, margin, plain=plain and matched)
        worse, method = max(worse, shifted), f"{method}; margin by {name}"
    return Paired(
        n=len(differences),
        n_groups=len(sums),
        old_mean=math.fsum(old) / len(old),
        new_mean=math.fsum(new) / len(new),
        difference=difference,
        ci95=_interval(difference, bound, len(differences), len(sums), sizes, normal=plain and matched),
        stderr=stderr,
        bound_stderr=bound,
        p_worse=worse,
        p_better=better,
        method=method,
    )


def bounded_stderr(sums: Sequence[float], sizes: Sequence[int], differences: Sequence[float]) -> float | None:
    """The standard error with two pseudo-clusters of mean size, one a whole flip up and one down by half weight.

    Agresti & Min 2005 ("Simple improved confidence intervals for comparing matched
    proportions") add 1/2 to each cell of the 2 × 2 table; this is the same for clusters of
    one, and it grows with the cluster size. A flip has the size of those that were seen, 1
    where none was: nothing that differs among few samples is no proof that nothing can.
    """
    groups, n = len(sums), sum(sizes)
    if groups < 2:
        return None
    size = n / groups
    seen = [value * value for value in differences if value]
    flip = math.fsum(seen) / len(seen) if seen else 1.0
    whole = n + 2 * size
    mean = math.fsum(sums) / whole
    squares = math.fsum((total - width * mean) ** 2 for total, width in zip(sums, sizes, strict=True))
    squares += size * size * (flip + 2 * mean * mean)
    correction = groups / (groups - 1) if max(sizes) > 1 else 1.0
    return math.sqrt(correction * squares) / whole


def _tests(
    differences: Sequence[float], sums: Sequence[float], *, plain: bool, matched: bool, seed: int
) -> tuple[float, float, str]:
    if plain and matched:
        wrong, right = differences.count(-1), differences.count(1)
        return mcnemar_worse(wrong, right), mcnemar_worse(right, wrong), "exact one-sided McNemar"
    return signflip(sums, seed=seed, unit="samples" if plain else "groups")


def mcnemar_worse(newly_wrong: int, newly_right: int) -> float:
    """The exact one-sided p-value that the new side is worse, from the discordant pairs.

    P(X >= newly_wrong) for X ~ Binomial(newly_wrong + newly_right, 1/2); 1 without a
    discordant pair. McNemar 1947, with the exact binomial instead of chi-squared.
    """
    from scipy.special import bdtrc

    n = newly_wrong + newly_right
    return 1.0 if newly_wrong == 0 else float(bdtrc(newly_wrong - 1, n, 0.5))


def _interval(
    difference: float, bound: float | None, n: int, groups: int, sizes: Sequence[int], *, normal: bool
) -> tuple[float, float] | None:
    """95 % interval around the difference shrunk by the pseudo-clusters: normal for matched pairs, else Student's."""
    if bound is None:
        return None
    from scipy.special import stdtrit

    quantile = 1.959963984540054 if normal else float(stdtrit(groups - 1, 0.975))
    middle = difference * n / (n + 2 * n / groups)
    low, high = middle - quantile * bound, middle + quantile * bound
    return max(-1.0, min(low, difference)), min(1.0, max(high, difference))


def _margin_test(
    differences: Sequence[float], sums: Sequence[float], sizes: Sequence[int], margin: float, *, plain: bool
) -> tuple[float, str]:
    """(p that the true difference is at least -margin, method)."""
    from scipy.special import ndtr, stdtr

    n = len(differences)
    if plain:
        return float(ndtr(_tango(differences.count(-1), differences.count(1), n, margin))), "Tango's score test"
    stderr = bounded_stderr(sums, sizes, differences)
    if stderr is None or len(sums) < 2:
        return 1.0, "nothing: a single cluster"
    return float(stdtr(len(sums) - 1, (math.fsum(differences) / n + margin) / stderr)), "Student's t"


def _tango(newly_wrong: int, newly_right: int, n: int, margin: float) -> float:
    """The score statistic for a true difference of -margin, standard normal under it.

    Tango 1998, "Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design": the share of newly wrong is estimated under the constraint that
    the shares differ by the margin, the positive root of
    2n p² - (b + c + m(b - c) + 2nm) p + bm(1 + m) = 0.
    """
    b, c, m = newly_wrong, newly_right, margin
    middle = b + c + m * (b - c) + 2 * n * m
    root = math.sqrt(max(0.0, middle * middle - 8 * n * b * m * (1 + m)))
    share = (middle + root) / (4 * n)
    spread = n * (2 * share - m * (1 + m))
    score = c - b + n * m
    if spread <= 0:
        return 0.0 if score == 0 else math.copysign(math.inf, score)
    return score / math.sqrt(spread)


def _check(old: Sequence[float], new: Sequence[float], groups: Sequence[str | None] | None, margin: float) -> None:
    if len(old) != len(new) or (groups is not None and len(groups) != len(old)):
        raise ValueError(f"both sides and their groups need one entry a sample; got {len(old)} and {len(new)}")
    if not old:
        raise ValueError("no pair to compare")
    if not all(0 <= value <= 1 for value in (*old, *new)):
        raise ValueError("scores lie in [0, 1]")
    if not 0 <= margin <= 1:
        raise ValueError(f"a margin lies in [0, 1]; got {margin!r}")
