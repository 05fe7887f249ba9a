"""A mean with its error bar. What cannot be said is None, never NaN."""

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


def estimate(values: Sequence[float], groups: Sequence[str | None] | None = None) -> Estimate:
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
