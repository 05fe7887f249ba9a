"""A mean with standard error and 95 % interval. Unknown values are None, never NaN.

Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640: the standard error of section 2.1,
clustered as in section 2.2. Three things differ: the clustered error has CR1's correction (see
`clusters.py`), intervals are Student's or Wilson's instead of normal, and degrees of freedom
count equal-sized clusters.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from .clusters import clustered_stderr, clusters, effective_groups, mean_of

_PSEUDO_WEIGHT = 0.5
"""Weight of the pseudo-cluster in the design effect; chosen by simulation, see docs/statistics.md."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean with standard error and 95 % interval."""

    n: int
    mean: float | None  # None: nothing was scored
    stderr: float | None  # None: fewer than two samples or clusters
    ci95: tuple[float, float] | None  # within [0, 1]; None: too little data
    n_groups: int | None = None  # clusters; None: every sample is its own
    method: str = ""  # of the interval, or why there is none


def estimate(
    values: Sequence[float],
    groups: Sequence[Hashable | None] | None = None,
    *,
    bootstrap: int = 0,
    seed: int = 0,
) -> Estimate:
    """Mean, standard error and 95 % interval of scores in [0, 1]; a sample without group is its own cluster.

    Right/wrong values get Wilson's interval, others Student's t, cut to [0, 1]; over clusters
    see `_clustered`. If all values are the same, their variance is unknown. They get Wilson's
    interval too, because no score in [0, 1] varies more than a right/wrong one with its mean.
    With `bootstrap` draws of whole clusters, the interval is the bootstrap's (BCa, seeded).
    Raises ValueError if `groups` has another length.
    """
    n = len(values)
    if groups is not None and len(groups) != n:
        raise ValueError(f"{n} values have {len(groups)} groups; every value needs one")
    if n == 0:
        return Estimate(n=0, mean=None, stderr=None, ci95=None, method="nothing scored")
    sums, sizes = clusters(values, groups)
    mean = float(mean_of(values))
    result = _unclustered(values, mean) if len(sums) == n else _clustered(values, mean, sums, sizes)
    if bootstrap and result.stderr:
        from .bootstrap import bootstrap_interval

        ci95, method = bootstrap_interval(sums, sizes, draws=bootstrap, seed=seed)
        return Estimate(n=n, mean=mean, stderr=result.stderr, ci95=ci95, n_groups=result.n_groups, method=method)
    return result


def wilson(share: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of n, at the quantile z; n may be a fractional effective size."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half_width = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (max(0.0, centre - half_width), min(1.0, centre + half_width))


def student(mean: float, stderr: float, df: float) -> tuple[float, float]:
    """Student's t interval around a mean, cut to [0, 1]."""
    half_width = quantile(df) * stderr
    return (max(0.0, mean - half_width), min(1.0, mean + half_width))


def quantile(df: float) -> float:
    """The 97.5 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))


def _unclustered(values: Sequence[float], mean: float) -> Estimate:
    """The mean over independent samples, with the standard error of ddof 1."""
    n = len(values)
    constant = max(values) == min(values)
    stderr = None if n < 2 else 0.0 if constant else clustered_stderr(values, [1] * n)
    if _is_binary(values) or stderr == 0:
        return Estimate(n=n, mean=mean, stderr=stderr, ci95=wilson(mean, n), method="Wilson")
    if stderr is None:
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, method="no interval: a single graded score")
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=student(mean, stderr, n - 1), method="Student's t")


def _clustered(values: Sequence[float], mean: float, sums: Sequence[float], sizes: Sequence[int]) -> Estimate:
    """The mean over clusters, with the CR1 standard error.

    Graded values get Student's t. Right/wrong values get Wilson's interval with the effective
    sample size n/deff and the t quantile instead of the normal one, as surveys do (Dean & Pagano
    2015, "Evaluating Confidence Interval Methods for Binomial Proportions in Clustered
    Surveys"). The degrees of freedom are `effective_groups` minus 1, at least 1.
    """
    n, groups = len(values), len(sums)
    stderr = clustered_stderr(sums, sizes)
    if stderr is None:
        why = "no interval: a single cluster"
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, n_groups=1, method=why)
    equal_clusters = effective_groups(sizes)
    df = max(1.0, equal_clusters - 1)
    if _is_binary(values):
        ci95, method = wilson(mean, n / _design_effect(mean, stderr, sizes), quantile(df)), "clustered Wilson"
    elif max(values) == min(values):
        stderr, ci95, method = 0.0, wilson(mean, equal_clusters, quantile(df)), "clustered Wilson"
    else:
        ci95, method = student(mean, stderr, df), "clustered Student's t"
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=ci95, n_groups=groups, method=method)


def linearised(
    value: float, influences: Sequence[float], groups: Sequence[Hashable | None] | None = None
) -> Estimate:
    """A statistic in [0, 1] other than a mean, with the standard error from its influence function.

    `influences` has, for each observation, n times the derivative of the statistic by its
    weight; they sum to 0. The variance of their mean is, to first order, that of the statistic:
    the infinitesimal jackknife (Efron 1982, "The Jackknife, the Bootstrap and Other Resampling
    Plans", chapter 6), here over clusters with CR1. If nothing varies, there is no interval.
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
    """The number of clustered samples with as much information as one independent sample; at least 1.

    The observed effect is stderr² / (share (1 - share) / n). It is unreliable if few clusters
    hold all wrong answers, and undefined if every answer is right. So half a pseudo-cluster is
    added to both variances: identical inside, with share 1/2, and of the size of an average
    sample's cluster, m = Σ n_g²/n. If all are right, the effect is m: an effective sample size
    of `effective_groups`, at most the number of clusters. For clusters of one it is 1.
    """
    n = sum(sizes)
    size = sum(width * width for width in sizes) / n
    observed, independent = (n * stderr) ** 2, n * share * (1 - share)
    return max(1.0, (observed + _PSEUDO_WEIGHT * size * size / 4) / (independent + _PSEUDO_WEIGHT * size / 4))


def _is_binary(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)
