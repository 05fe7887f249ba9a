"""A mean with standard error and 95 % interval. Unknown values are None, never NaN.

Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640: the standard error of section 2.1,
clustered as in section 2.2. Three things differ: the clustered error has CR1's correction (see
`clusters.py`), intervals are exact, Wilson's or of empirical likelihood instead of normal, and
degrees of freedom count equal-sized clusters. docs/statistics.md has their measured coverage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from .beta_quantile import MAX_SIZE, beta_quantile
from .clusters import clustered_stderr, clusters, effective_groups, mean_of
from .empirical_likelihood import BoundedMean

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

    Right/wrong values get the exact interval of Clopper & Pearson, over clusters see `_clustered`.
    Graded values get that of empirical likelihood (`empirical_likelihood.py`), which has a width
    even if all values are the same. With `bootstrap` draws of whole clusters, the interval is the
    bootstrap's (BCa, seeded). Raises ValueError if `groups` has
    another length, or for a value outside [0, 1].
    """
    n = len(values)
    if groups is not None and len(groups) != n:
        raise ValueError(f"{n} values have {len(groups)} groups; every value needs one")
    if not all(0 <= value <= 1 for value in values):  # also false for NaN
        raise ValueError("scores must lie in [0, 1]")
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


def clopper_pearson(right: float, n: float) -> tuple[float, float]:
    """The exact 95 % interval of a share, `right` of n independent answers; it covers at least 95 % at any share.

    Clopper & Pearson 1934, "The Use of Confidence or Fiducial Limits Illustrated in the Case of
    the Binomial". Wilson's interval is narrower, but covers as little as 89.5 % for 10 answers.
    Both arguments may be fractional: effective sizes.
    """
    quantile = _beta_quantile(right, n)
    low = 0.0 if right <= 0 else float(quantile(right, n - right + 1, 0.025))
    high = 1.0 if right >= n else float(quantile(right + 1, n - right, 0.975))
    return low, high


def _beta_quantile(right: float, n: float) -> Callable[..., Any]:
    """scipy's function, or an own one for counts that it suits: a run of few samples does not import scipy."""
    if n <= MAX_SIZE and float(right).is_integer() and float(n).is_integer():
        return beta_quantile
    from scipy.special import betaincinv

    return betaincinv


def wilson(share: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of n, at the quantile z; n may be a fractional effective size."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half_width = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (max(0.0, centre - half_width), min(1.0, centre + half_width))


def logit_interval(value: float, stderr: float, df: float) -> tuple[float, float]:
    """Student's t interval of the logit of a value in (0, 1), transformed back.

    Statistics near their bound are skewed, and their plain t interval covers too rarely; Pepe
    2003, "The Statistical Evaluation of Medical Tests for Classification and Prediction",
    section 5.2.4, for the area under a ROC curve.
    """
    from scipy.special import expit, logit

    half_width = quantile(df) * stderr / (value * (1 - value))
    return float(expit(logit(value) - half_width)), float(expit(logit(value) + half_width))


def quantile(df: float) -> float:
    """The 97.5 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))


def _unclustered(values: Sequence[float], mean: float) -> Estimate:
    """The mean over independent samples, with the standard error of ddof 1."""
    n = len(values)
    stderr = None if n < 2 else 0.0 if max(values) == min(values) else clustered_stderr(values, [1] * n)
    if _is_binary(values):
        ci95 = clopper_pearson(round(math.fsum(values)), n)
        return Estimate(n=n, mean=mean, stderr=stderr, ci95=ci95, method="Clopper–Pearson")
    if stderr is None:
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, method="no interval: a single graded score")
    ci95 = BoundedMean(sums=values, sizes=[1] * n).interval()
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=ci95, method="empirical likelihood")


def _clustered(values: Sequence[float], mean: float, sums: Sequence[float], sizes: Sequence[int]) -> Estimate:
    """The mean over clusters, with the CR1 standard error.

    Graded values get the interval of empirical likelihood. Right/wrong values get Clopper &
    Pearson's with the effective sample size n/deff · (t(n - 1)/t(df))², as surveys do: Korn &
    Graubard 1998, "Confidence Intervals for Proportions with Small Expected Number of Positive
    Counts Estimated from Survey Data". The degrees of freedom are `effective_groups` minus 1, at
    least 1.
    """
    n, groups = len(values), len(sums)
    stderr = clustered_stderr(sums, sizes)
    if stderr is None:
        why = "no interval: a single cluster"
        return Estimate(n=n, mean=mean, stderr=None, ci95=None, n_groups=1, method=why)
    if max(values) == min(values):
        stderr = 0.0
    if _is_binary(values):
        df = max(1.0, effective_groups(sizes) - 1)
        n_effective = n / _design_effect(mean, stderr, sizes) * (quantile(n - 1) / quantile(df)) ** 2
        ci95, method = clopper_pearson(mean * n_effective, n_effective), "Korn–Graubard"
    else:
        ci95, method = BoundedMean(sums=sums, sizes=sizes).interval(), "clustered empirical likelihood"
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=ci95, n_groups=groups, method=method)


def linearised(
    value: float,
    influences: Sequence[float],
    groups: Sequence[Hashable | None] | None = None,
    *,
    df: float | None = None,
) -> Estimate:
    """A statistic in [0, 1] other than a mean, with the standard error from its influence function.

    `influences` has, for each observation, n times the derivative of the statistic by its
    weight; they sum to 0. The variance of their mean is, to first order, that of the statistic:
    the infinitesimal jackknife (Efron 1982, "The Jackknife, the Bootstrap and Other Resampling
    Plans", chapter 6), here over clusters with CR1. The interval is that of the logit, with `df`
    degrees of freedom, or `effective_groups` minus 1. If nothing varies, there is none.
    """
    n = len(influences)
    sums, sizes = clusters(influences, groups)
    n_groups = len(sums) if len(sums) < n else None
    stderr = clustered_stderr(sums, sizes)
    if stderr is None or stderr < 1e-12 or not 0 < value < 1:
        why = "a single answer or cluster" if stderr is None else "nothing varies"
        return Estimate(
            n=n, mean=value, stderr=stderr and 0.0, ci95=None, n_groups=n_groups, method=f"no interval: {why}"
        )
    if df is not None and df < 1:
        why = "fewer than two right or two wrong answers"
        return Estimate(n=n, mean=value, stderr=stderr, ci95=None, n_groups=n_groups, method=f"no interval: {why}")
    ci95 = logit_interval(value, stderr, max(1.0, effective_groups(sizes) - 1) if df is None else df)
    return Estimate(n=n, mean=value, stderr=stderr, ci95=ci95, n_groups=n_groups, method="influence function, logit")


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
