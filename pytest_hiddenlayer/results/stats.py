"""Estimates and the paired test of the gate. Each returns None, never NaN, where nothing can be said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean with its error bar."""

    n: int
    mean: float | None  # None: nothing was scored
    stderr: float | None  # None: fewer than two samples
    ci95: tuple[float, float] | None  # within [0, 1]


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, standard error (ddof 1) and 95 % interval of scores in [0, 1].

    The interval is Wilson's (1927) for right/wrong values, Student's t otherwise, cut to
    [0, 1]. Source: Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640, section 2.1.
    """
    n = len(values)
    if n == 0:
        return Estimate(n=0, mean=None, stderr=None, ci95=None)
    mean = float(statistics.mean(values))  # exact: equal scores of 0.7 reach a threshold of 0.7
    stderr = None if n < 2 else statistics.stdev(values) / math.sqrt(n)
    if all(value in (0.0, 1.0) for value in values):
        return Estimate(n=n, mean=mean, stderr=stderr, ci95=wilson(mean, n))
    return Estimate(n=n, mean=mean, stderr=stderr, ci95=_student(mean, stderr, n))


def wilson(share: float, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval of a share of n."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (max(0.0, middle - half), min(1.0, middle + half))


def _student(mean: float, stderr: float | None, n: int) -> tuple[float, float] | None:
    if stderr is None:
        return None
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.975)) * stderr
    return (max(0.0, mean - half), min(1.0, mean + half))


def reduce_epochs(values: Sequence[float], reducer: str, pass_score: float) -> float:
    """One score from the epochs of a sample.

    `pass_at_k` is the chance that at least one of the k epochs is right, `pass_hat_k` that
    all are, with k the number of epochs seen: over all of them both are plain facts.
    """
    if reducer == "median":
        return statistics.median(values)
    if reducer == "mode":
        return statistics.mode(values)
    if reducer in ("max", "pass_at_k"):
        return max(values) if reducer == "max" else float(any(v >= pass_score for v in values))
    if reducer == "pass_hat_k":
        return float(all(v >= pass_score for v in values))
    return float(statistics.mean(values))


def mcnemar_worse(newly_wrong: int, newly_right: int) -> float:
    """The exact one-sided p-value that the new side is worse, from the discordant pairs.

    P(X >= newly_wrong) for X ~ Binomial(newly_wrong + newly_right, 1/2); 1 without a
    discordant pair. McNemar 1947, with the exact binomial instead of chi-squared.
    """
    from scipy.special import bdtrc

    n = newly_wrong + newly_right
    return 1.0 if newly_wrong == 0 else float(bdtrc(newly_wrong - 1, n, 0.5))


def paired_difference(newly_wrong: int, newly_right: int, n: int) -> tuple[float, float, float]:
    """(difference, low, high): new minus old share right, with its 95 % interval.

    Agresti & Min 2005, "Simple improved confidence intervals for comparing matched
    proportions": Wald's interval after adding 1/2 to each cell of the 2 × 2 table.
    """
    b, c, m = newly_wrong + 0.5, newly_right + 0.5, n + 2
    middle = (c - b) / m
    half = 1.959963984540054 * math.sqrt((b + c) - (c - b) ** 2 / m) / m
    return ((newly_right - newly_wrong) / n, max(-1.0, middle - half), min(1.0, middle + half))
