"""The random numbers of `mlx.core.random` for a seed, computed without mlx.

A draw in mlx takes a dozen small operations per request and token; here it takes about twenty
microseconds of Python.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

WORD = 0xFFFFFFFF
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
BELOW_ONE = 1 - 2**-24  # the largest single-precision number below 1


def uniforms(seed: int) -> Iterator[float]:
    """Yield single-precision numbers in [0, 1) without end: mlx's `key, now = split(key)`, then `uniform(key=now)`.

    Raises ValueError for a seed outside [0, 2**64).
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed {seed} is not in [0, 2**64)")
    return _draws((seed >> 32, seed & WORD))


def _draws(key: tuple[int, int]) -> Iterator[float]:
    while True:
        (a, c), (b, d) = threefry(key, (0, 2)), threefry(key, (1, 3))
        key = (a, b)
        bits, _ = threefry((c, d), (0, 0))
        yield min(ctypes.c_float(bits).value / 2**32, BELOW_ONE)


def threefry(key: tuple[int, int], count: tuple[int, int]) -> tuple[int, int]:
    """Return one block of Threefry-2x32 with 20 rounds.

    Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
    """
    keys = (*key, key[0] ^ key[1] ^ 0x1BD11BDA)
    x, y = (count[0] + keys[0]) & WORD, (count[1] + keys[1]) & WORD
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            x = (x + y) & WORD
            y = ((y << rotation | y >> 32 - rotation) & WORD) ^ x
        x = (x + keys[(group + 1) % 3]) & WORD
        y = (y + keys[(group + 2) % 3] + group + 1) & WORD
    return x, y
