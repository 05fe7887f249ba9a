"""Sums of clusters under random or all sign flips, for permutation tests."""

from __future__ import annotations

from typing import Any

import numpy as np

DRAWS = 20_000


def flipped_totals(paths: Any, draws: int, seed: int) -> Any:
    """Row sums of `paths` (rows, clusters) with the signs of whole columns flipped; shape (rows, flips).

    The first flip changes nothing, so that the share of flips at least as extreme is already the
    p-value of Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero". Returns all
    flips if there are at most `draws`, else the unchanged sums and `draws` random flips. The same
    clusters, draws and seed give the same flips, so that a later look at a comparison repeats
    the flips of earlier looks.
    """
    clusters = paths.shape[1]
    signs = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[None, :], axis=0)  # (8, 256)
    random = np.random.default_rng(seed)
    exhaustive = 2**clusters <= draws
    flips = np.arange(2**clusters) if exhaustive else np.arange(draws + 1)
    totals = np.zeros((len(paths), len(flips)))
    # One byte holds the signs of eight clusters, and their 256 sums are looked up: much faster than adding each.
    for start in range(0, clusters, 8):
        block = paths[:, start : start + 8]
        sums = block @ signs[-block.shape[1] :]
        if exhaustive:
            chosen = flips >> start & 255
        else:
            chosen = random.integers(0, 256, size=len(flips), dtype=np.uint8)
            chosen[0] = 0
        totals += sums.take(chosen, axis=1)
    return totals
