"""Sums under flips of signs: what a permutation test counts where the sums lie on no grid."""

from __future__ import annotations

from typing import Any

DRAWS = 20_000


def flipped_totals(paths: Any, draws: int, seed: int) -> Any:
    """Row sums of `paths` (rows, clusters) with the signs of whole columns flipped; shape (rows, flips).

    The first flip changes nothing: the share of flips that reach as far as it is the p-value of
    Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero", without further ado. All
    flips there are where these are at most `draws`, else so many random ones besides the first.
    The same clusters, draws and seed give the same flips, so that a later look at a comparison
    repeats those of the earlier ones.
    """
    import numpy as np

    clusters = paths.shape[1]
    signs = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[None, :], axis=0)  # (8, 256)
    random = np.random.default_rng(seed)
    every = 2**clusters <= draws
    flips = np.arange(2**clusters) if every else np.arange(draws + 1)
    totals = np.zeros((len(paths), len(flips)))
    # One byte holds the signs of eight clusters, whose 256 sums are looked up: far faster than adding one by one.
    for start in range(0, clusters, 8):
        eight = paths[:, start : start + 8]
        sums = eight @ signs[-eight.shape[1] :]
        if every:
            chosen = flips >> start & 255
        else:
            chosen = random.integers(0, 256, size=len(flips), dtype=np.uint8)
            chosen[0] = 0
        totals += sums.take(chosen, axis=1)
    return totals
