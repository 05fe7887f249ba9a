"""The sign-flip test: whether a sum of differences is further from 0 than chance explains.

Under the null hypothesis the two sides are exchangeable within a cluster, so that all its
differences could equally have had the other sign: Fisher 1935, "The Design of Experiments",
section 21. Flipping whole clusters keeps the test valid under any dependence within them;
clusters of sum 0 change nothing. For right/wrong answers without clusters it is the exact
McNemar test. The assumption fails if differences are skewed, as between a side of one epoch
and a side of many: see `stratified_exact.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .flipped_sums import DRAWS, flipped_totals

_MAX_STEPS = 400_000_000  # clusters × grid points of the exact convolution: half a second
_FINEST_GRID = 120  # the finest grid that is tried: 1/120


def sign_flip_test(sums: Sequence[float], *, seed: int = 0, unit: str = "clusters") -> tuple[float, float, str]:
    """(p for a total at most the observed one, p for a total at least the observed one, method).

    `sums` are those of the clusters. The test is exact by convolution if they lie on a common
    grid, as right/wrong answers and means over epochs do; exact by enumeration if at most 14
    clusters differ; else by 20 000 random flips.
    Both p-values are 1 if every sum is 0. `unit` names what is flipped in the method's text.
    """
    values = np.asarray([value for value in sums if value], dtype=float)
    if not len(values):
        return 1.0, 1.0, "exact sign-flip, nothing differs"
    steps = _steps(values)
    if steps is not None:
        low, high = _convolved(steps)
        return low, high, f"exact sign-flip over {len(values)} differing {unit}"
    low, high, flips = _permuted(values, seed)
    kind = f"sign-flip permutation, {DRAWS} draws" if flips > DRAWS else "exact sign-flip"
    return low, high, f"{kind} over {len(values)} differing {unit}"


def _steps(values: Any) -> Any:
    """The values as integer steps on a grid; None if they lie on no grid, or the convolution would take too long."""
    sizes = np.unique(np.abs(values))
    for grid in range(1, _FINEST_GRID + 1):
        if _is_whole(sizes[:8] * grid) and _is_whole(sizes * grid):
            steps = np.rint(values * grid).astype(np.int64)
            steps //= np.gcd.reduce(steps)
            return steps if np.abs(steps).sum() * len(steps) <= _MAX_STEPS else None
    return None


def _is_whole(scaled: Any) -> bool:
    return bool(np.abs(scaled - np.rint(scaled)).max() < 1e-9 and np.rint(scaled).min() > 0)


def _convolved(steps: Any) -> tuple[float, float]:
    """Both p-values, from the distribution of the sum of the positive steps, which determines the total."""
    sizes = np.sort(np.abs(steps)).tolist()
    chance = np.zeros(sum(sizes) + 1)
    chance[0] = 1.0
    reach = 0
    for size in sizes:
        reach += size
        chance[: reach + 1] *= 0.5
        chance[size : reach + 1] += chance[: reach + 1 - size].copy()
    observed = int(steps[steps > 0].sum())
    return min(1.0, float(chance[: observed + 1].sum())), min(1.0, float(chance[observed:].sum()))


def _permuted(values: Any, seed: int) -> tuple[float, float, int]:
    """Both p-values from all flips or random ones, and their number."""
    totals = flipped_totals(values[None, :], DRAWS, seed)[0]
    tolerance = 1e-9 * np.abs(values).sum()  # equal totals may differ in the last bits
    low, high = (totals <= totals[0] + tolerance).mean(), (totals >= totals[0] - tolerance).mean()
    return float(low), float(high), len(totals)
