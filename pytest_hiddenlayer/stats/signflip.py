"""The sign-flip test: does a sum of differences lie on one side of 0 by more than chance?

Under the null hypothesis the two sides are exchangeable within a cluster, so that all its
differences could as well have had the other sign: Fisher 1935, "The Design of Experiments",
section 21. Flipping whole clusters keeps the test valid whatever the dependence within them.
For right/wrong answers without clusters it is the exact McNemar test.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

DRAWS = 20_000
_MOST_STEPS = 40_000_000  # clusters × grid points of the exact convolution
_MOST_KEPT = 4_000_000  # signs at once: 32 MB
_GRIDS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 60, 100)


def signflip(sums: Sequence[float], *, seed: int = 0, unit: str = "clusters") -> tuple[float, float, str]:
    """(p that the total is that low, p that it is that high, method) for the sums of the clusters.

    Exact by convolution where the sums lie on a common grid, as right/wrong answers and means
    over epochs do; else by 20 000 random flips, with the estimator of Phipson & Smyth 2010 that
    is never 0. Both are 1 where every sum is 0.
    `unit` names for people what is flipped.
    """
    import numpy as np

    values = np.asarray([value for value in sums if value], dtype=float)
    if not len(values):
        return 1.0, 1.0, "exact sign-flip, nothing differs"
    grid = _grid(np, values)
    if grid is not None:
        low, high = _convolved(np, np.rint(values * grid).astype(np.int64))
        return low, high, f"exact sign-flip over {len(values)} differing {unit}"
    low, high = _drawn(np, values, seed)
    return low, high, f"sign-flip permutation, {DRAWS} draws over {len(values)} differing {unit}"


def _grid(np: Any, values: Any) -> int | None:
    """The denominator on which all values are whole, where the convolution over it is affordable."""
    for grid in _GRIDS:
        scaled = values * grid
        if np.abs(scaled - np.rint(scaled)).max() < 1e-9:
            steps = 2 * np.abs(np.rint(scaled)).sum() * len(values)
            return grid if steps <= _MOST_STEPS else None
    return None


def _convolved(np: Any, steps: Any) -> tuple[float, float]:
    reach = int(np.abs(steps).sum())
    chance = np.zeros(2 * reach + 1)
    chance[reach] = 1.0
    for step in np.abs(steps):
        moved = np.zeros_like(chance)
        moved[step:] += 0.5 * chance[: len(chance) - step]
        moved[: len(chance) - step] += 0.5 * chance[step:]
        chance = moved
    at = reach + int(steps.sum())
    return min(1.0, float(chance[: at + 1].sum())), min(1.0, float(chance[at:].sum()))


def _drawn(np: Any, values: Any, seed: int) -> tuple[float, float]:
    total, totals = values.sum(), flipped_totals(values[None, :], DRAWS, seed)[0]
    slack = 1e-9 * np.abs(values).sum()  # equal totals may differ in the last bits
    low, high = int((totals <= total + slack).sum()), int((totals >= total - slack).sum())
    return (low + 1) / (DRAWS + 1), (high + 1) / (DRAWS + 1)


def flipped_totals(paths: Any, draws: int, seed: int) -> Any:
    """Row sums under random flips of whole columns; paths (rows, clusters), result (rows, draws)."""
    import numpy as np

    n_rows, n_clusters = paths.shape
    if n_clusters * draws <= _MOST_KEPT:
        return paths @ _signs(n_clusters, draws, seed)
    totals = np.empty((n_rows, draws))
    at_once = max(1, _MOST_KEPT // n_clusters)
    for block, start in enumerate(range(0, draws, at_once)):
        columns = min(at_once, draws - start)
        signs = np.random.default_rng([seed, block]).integers(0, 2, size=(n_clusters, columns), dtype=np.int8)
        totals[:, start : start + columns] = 2.0 * (paths @ signs) - paths.sum(axis=1, keepdims=True)
    return totals


@lru_cache(maxsize=2)
def _signs(n_clusters: int, draws: int, seed: int) -> Any:
    """Random signs, kept for the next comparison of as many clusters; shape (clusters, draws)."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, 2, size=(n_clusters, draws), dtype=np.int8) * 2.0 - 1.0
