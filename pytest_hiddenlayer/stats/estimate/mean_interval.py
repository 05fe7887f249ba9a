"""A mean with its error bar. What cannot be said is None, never NaN.

Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640: the standard error of section 2.1,
clustered as in section 2.2. Three things differ: the clustered error has CR1's correction (see
`clusters.py`), intervals are Student's or Wilson's instead of normal ones, and degrees of
freedom count clusters of equal size.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from .clusters import clustered_stderr, clusters, effective_groups, mean_of

_DOUBT = 0.5
"""Weight of the pseudo-cluster in the design effect; chosen by simulation, see docs/statistics.md."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean with its error bar."""

    n: int
    mean: float | None  # None: nothing was scored
    stderr: float | None  # None: fewer than two samples or clusters
    ci95: tuple[float, float] | None  # within [0, 1]; None: not enough to say
    n_groups: int | None = None  # clusters; None: every sample is one of its own
    method: str = ""  # how the interval was found, or why there is none


def estimate(
    values: Sequence[float],
    groups: Sequence[Hashable | None] | None = None,
    *,
    bootstrap: int = 0,
    seed: int = 0,
) -> Estimate:
    """Mean, standard error and 95 % interval of scores in [0, 1]; a None group is a cluster of its own.

    Right/wrong values have Wilson's interval, others Student's t, cut to [0, 1]; over clusters
    see `_clustered`. Values that are all the same tell nothing of their spread: they have
    Wilson's interval too, as no score in [0, 1] varies more than a right/wrong one of its mean.
    With `bootstrap` draws of whole clusters the interval is theirs instead (BCa, seeded).
    Raises ValueError for groups of another length.
    """
    n = len(values)
    if groups is not None and len(groups) != n:
        raise ValueError(f"{n} values have {len(groups)} groups; one each is needed")
    if n == 0:
        return Estimate(n=0, mean=None, stderr=None, ci95=None, method="nothing scored")
    sums, sizes = clusters(values, groups)
    mean = float(mean_of(values))
    found = _plain(values, mean) if len(sums) == n else _clustered(values, mean, sums, sizes)
    if bootstrap and found.stderr:
        from .bootstrap import bootstrapped

        ci95, method = bootstrapped(sums, sizes, draws=bootstrap, seed=seed)
        return Estimate(n=n, mean=mean, stderr=found.stderr, ci95=ci95, n_groups=found.n_groups, method=method)
    return found


def wilson(share: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of n, at the quantile z; n may be an effective, broken number."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (max(0.0, middle - half), min(1.0, middle + half))


def student(mean: float, stderr: float, df: float) -> tuple[float, float]:
    """The t interval around a mean, cut to [0, 1]."""
    half = quantile(df) * stderr
    return (max(0.0, mean - half), min(1.0, mean + half))


def quantile(df: float) -> float:
    """Student's t at 97.5 %."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))


def _plain(values: Sequence[float], mean: float) -> Estimate:
    n = len(values)
    alike = max(values) == min(values)
    stderr = None if n < 2 else 0.0 if alike else clustered_stderr(values, [1] * n)
    if _matches(values) or stderr == 0:
        return Estimate(n=n, mean=mean, stderr=stderr, ci95=wilson(mean, n), method="Wilson")
    if stderr is None:
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, method="no interval: a single graded score")
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=student(mean, stderr, n - 1), method="Student's t")


def _clustered(values: Sequence[float], mean: float, sums: Sequence[float], sizes: Sequence[int]) -> Estimate:
    """The mean over clusters, with the CR1 error.

    Graded values: Student's t. Right/wrong ones: Wilson's with the effective sample size n/deff
    and the t quantile in place of the normal one, as surveys do (Dean & Pagano 2015, "Evaluating
    Confidence Interval Methods for Binomial Proportions in Clustered Surveys"). The degrees of
    freedom are those of so many clusters of equal size, less one, and at least 1.
    """
    n, groups = len(values), len(sums)
    stderr = clustered_stderr(sums, sizes)
    if stderr is None:
        why = "no interval: a single cluster"
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, n_groups=1, method=why)
    alike = effective_groups(sizes)
    df = max(1.0, alike - 1)
    if _matches(values):
        ci95, method = wilson(mean, n / _design_effect(mean, stderr, sizes), quantile(df)), "clustered Wilson"
    elif max(values) == min(values):
        stderr, ci95, method = 0.0, wilson(mean, alike, quantile(df)), "clustered Wilson"
    else:
        ci95, method = student(mean, stderr, df), "clustered Student's t"
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=ci95, n_groups=groups, method=method)


def linearised(
    value: float, influences: Sequence[float], groups: Sequence[Hashable | None] | None = None
) -> Estimate:
    """A figure in [0, 1] that is no plain mean, with the error that its influence function gives.

    `influences` has for each observation how far the figure moves with its weight, times n;
    they sum to 0. The variance of their mean is, to first order, that of the figure: the
    infinitesimal jackknife (Efron 1982, "The Jackknife, the Bootstrap and Other Resampling
    Plans", chapter 6), here over clusters with CR1. Where nothing varies there is no interval.
    """
    n = len(influences)
    sums, sizes = clusters(influences, groups)
    n_groups = len(sums) if len(sums) < n else None
    stderr = clustered_stderr(sums, sizes)
    if stderr is None or stderr < 1e-12:
        why = "a single answer or cluster" if stderr is None else "nothing varies"
        return Estimate(
            n=n, mean=value, stderr=stderr and 0.0, ci95=None, n_groups=n_groups, method=f"no interval: {why}"
        )
    ci95 = student(value, stderr, max(1.0, effective_groups(sizes) - 1))
    return Estimate(n=n, mean=value, stderr=stderr, ci95=ci95, n_groups=n_groups, method="influence function")


def _design_effect(share: float, stderr: float, sizes: Sequence[int]) -> float:
    """How many clustered samples tell as much as one independent one; at least 1.

    The observed one is stderr² / (share (1 - share) / n). It says little where few clusters
    hold all that is wrong, and nothing where all is right. So half a pseudo-cluster is added to
    both variances: of the size in which a sample finds itself on average, m = Σ n_g²/n, wholly
    alike inside, of share 1/2. All right then has the effect m: an effective sample size of
    `effective_groups`, at most the number of clusters. For clusters of one it is 1.
    """
    n = sum(sizes)
    size = sum(width * width for width in sizes) / n
    seen, independent = (n * stderr) ** 2, n * share * (1 - share)
    return max(1.0, (seen + _DOUBT * size * size / 4) / (independent + _DOUBT * size / 4))


def _matches(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)
