"""The sign-flip test: does a sum of differences lie on one side of 0 by more than chance?

Under the null hypothesis the two sides are exchangeable within a cluster, so that all its
differences could as well have had the other sign: Fisher 1935, "The Design of Experiments",
section 21. Flipping whole clusters keeps the test valid whatever the dependence within them;
clusters of sum 0 change nothing. For right/wrong answers without clusters it is the exact
McNemar test. Where differences are skewed, as those of a side of one epoch against a side of
many are, the assumption fails: see `rerun.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .sign_flips import DRAWS, flipped_totals

_MOST_STEPS = 400_000_000  # clusters × grid points of the exact convolution: half a second
_FINEST = 120  # the finest grid that is looked for: 1/120


def signflip(sums: Sequence[float], *, seed: int = 0, unit: str = "clusters") -> tuple[float, float, str]:
    """(p that the total is that low, p that it is that high, method) for the sums of the clusters.

    Exact by convolution where the sums lie on a common grid, as right/wrong answers and means
    over epochs do, and by enumeration where at most 14 differ; else by 20 000 random flips.
    Both are 1 where every sum is 0. `unit` names for people what is flipped.
    """
    import numpy as np

    values = np.asarray([value for value in sums if value], dtype=float)
    if not len(values):
        return 1.0, 1.0, "exact sign-flip, nothing differs"
    steps = _steps(np, values)
    if steps is not None:
        low, high = _convolved(np, steps)
        return low, high, f"exact sign-flip over {len(values)} differing {unit}"
    low, high, flips = _drawn(np, values, seed)
    how = f"sign-flip permutation, {DRAWS} draws" if flips > DRAWS else "exact sign-flip"
    return low, high, f"{how} over {len(values)} differing {unit}"


def _steps(np: Any, values: Any) -> Any:
    """The values as whole steps on a grid; None where they lie on none, or counting on it takes too long."""
    sizes = np.unique(np.abs(values))
    for grid in range(1, _FINEST + 1):
        if _whole(np, sizes[:8] * grid) and _whole(np, sizes * grid):
            steps = np.rint(values * grid).astype(np.int64)
            steps //= np.gcd.reduce(steps)
            return steps if np.abs(steps).sum() * len(steps) <= _MOST_STEPS else None
    return None


def _whole(np: Any, scaled: Any) -> bool:
    return bool(np.abs(scaled - np.rint(scaled)).max() < 1e-9 and np.rint(scaled).min() > 0)


def _convolved(np: Any, steps: Any) -> tuple[float, float]:
    """Both p from the distribution of the sum of the positive steps, which tells the total."""
    sizes = np.sort(np.abs(steps)).tolist()
    chance = np.zeros(sum(sizes) + 1)
    chance[0] = 1.0
    reach = 0
    for size in sizes:
        reach += size
        chance[: reach + 1] *= 0.5
        chance[size : reach + 1] += chance[: reach + 1 - size].copy()
    ours = int(steps[steps > 0].sum())
    return min(1.0, float(chance[: ours + 1].sum())), min(1.0, float(chance[ours:].sum()))


def _drawn(np: Any, values: Any, seed: int) -> tuple[float, float, int]:
    totals = flipped_totals(values[None, :], DRAWS, seed)[0]
    slack = 1e-9 * np.abs(values).sum()  # equal totals may differ in the last bits
    low, high = (totals <= totals[0] + slack).mean(), (totals >= totals[0] - slack).mean()
    return float(low), float(high), len(totals)
