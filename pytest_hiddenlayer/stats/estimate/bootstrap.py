"""The bootstrap interval of a mean over clusters: whole clusters are resampled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

_BATCH_CLUSTERS = 4_000_000
"""Resampled clusters in memory at once, which keeps memory far below a gigabyte."""


def bootstrap_interval(
    sums: Sequence[float], sizes: Sequence[int], *, draws: int, seed: int = 0
) -> tuple[tuple[float, float] | None, str]:
    """(95 % interval within [0, 1], its method) of Σ sums / Σ sizes; the interval is None if none exists.

    BCa: Efron 1987, "Better Bootstrap Confidence Intervals", over clusters as in Cameron,
    Gelbach & Miller 2008, by `scipy.stats.bootstrap`; percentiles if BCa's correction is
    undefined. Like every bootstrap interval, it is too narrow for few clusters. Raises ValueError for fewer
    than 100 draws.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    if draws < 100:
        raise ValueError(f"a bootstrap needs at least 100 draws (2000 is usual); got {draws}")
    if len(sums) < 2:
        return None, "no interval: a single cluster"

    def share(totals: Any, widths: Any, axis: int = -1) -> Any:
        return totals.sum(axis=axis) / widths.sum(axis=axis)

    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)
            with np.errstate(all="ignore"):
                interval = bootstrap(
                    (np.asarray(sums, dtype=float), np.asarray(sizes, dtype=float)),
                    share,
                    paired=True,
                    vectorized=True,
                    n_resamples=draws,
                    batch=max(1, _BATCH_CLUSTERS // len(sums)),
                    method=method,
                    random_state=np.random.default_rng(seed),
                ).confidence_interval
        low, high = float(interval.low), float(interval.high)
        if math.isfinite(low) and math.isfinite(high):
            name = "cluster bootstrap" if max(sizes) > 1 else "bootstrap"
            return (max(0.0, low), min(1.0, high)), f"{method} {name}, {draws} draws"
    return None, "no interval: all draws are the same"
