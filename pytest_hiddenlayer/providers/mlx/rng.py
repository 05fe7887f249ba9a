"""The random numbers of `mlx.core.random` for a seed, computed without mlx.

A draw in mlx takes a dozen small operations per request and token. One of Python takes about twenty
microseconds, and one of numpy for many seeds takes as long as five of those.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

WORD = 0xFFFFFFFF
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
BELOW_ONE = 1 - 2**-24  # the largest single-precision number below 1
AHEAD = 8  # numbers that numpy computes in advance for every seed
MIN_SEEDS = 4  # for which numpy is faster than Python
Words = TypeVar("Words", int, Any)  # Any: an array of 64-bit integers below 2**32


def uniforms(seed: int) -> Iterator[float]:
    """Yield single-precision numbers in [0, 1) without end: mlx's `key, now = split(key)`, then `uniform(key=now)`.

    Raises ValueError for a seed outside [0, 2**64).
    """
    generator = Uniforms(seed)
    return (uniform for _ in iter(int, 1) for uniform in next_uniforms([generator]))


class Uniforms:
    """The random numbers of one seed, in [0, 1). Raises ValueError for a seed outside [0, 2**64)."""

    __slots__ = ("_key", "_numbers", "_used")

    def __init__(self, seed: int) -> None:
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed {seed} is not in [0, 2**64)")
        self._key = (seed >> 32, seed & WORD)
        self._numbers: list[float] = []  # the last ones that were used, and those computed in advance
        self._used = 0

    @property
    def n_ahead(self) -> int:
        """How many numbers are computed in advance."""
        return len(self._numbers) - self._used

    def take(self) -> float:
        """Return the next number."""
        if self._used == len(self._numbers):
            self.compute()
        if self._used >= 4 * AHEAD:
            del self._numbers[: 2 * AHEAD]
            self._used -= 2 * AHEAD
        self._used += 1
        return self._numbers[self._used - 1]

    def give_back(self, n: int) -> None:
        """Let the last `n` numbers, at most AHEAD, be the next ones again."""
        self._used -= n

    def compute(self) -> None:
        """Compute one number in advance."""
        (a, c), (b, d) = threefry(self._key, (0, 2)), threefry(self._key, (1, 3))
        self._key = (a, b)
        bits, _ = threefry((c, d), (0, 0))
        self._numbers.append(min(ctypes.c_float(bits).value / 2**32, BELOW_ONE))

    @staticmethod
    def compute_all(generators: Sequence[Uniforms]) -> None:
        """Compute AHEAD numbers of every seed in advance, with numpy."""
        import numpy as np

        key = tuple(np.array([generator._key for generator in generators], np.uint64).T)
        counts = np.array([[[0], [1]], [[2], [3]]], np.uint64)
        drawn = []
        for _ in range(AHEAD):  # both blocks of a split at once: shape (2, seeds)
            (a, b), (c, d) = threefry(key, (counts[0], counts[1]))
            key = (a, b)
            drawn.append((c, d))
        bits, _ = threefry(tuple(np.array(drawn, np.uint64).transpose(1, 0, 2)), (0, 0))
        numbers = np.minimum(bits.astype(np.float32) / np.float32(2**32), np.float32(BELOW_ONE))
        for generator, a, b, column in zip(
            generators, *(half.tolist() for half in key), numbers.T.tolist(), strict=True
        ):
            generator._key = (a, b)
            generator._numbers.extend(column)


def next_uniforms(generators: Sequence[Uniforms]) -> list[float]:
    """Return the next number of every seed; a seed that is named twice has its next two."""
    distinct = list(dict.fromkeys(generators))
    if len(distinct) >= MIN_SEEDS and not all(generator.n_ahead for generator in distinct):
        Uniforms.compute_all([generator for generator in distinct if generator.n_ahead < AHEAD])
    return [generator.take() for generator in generators]


def threefry(key: tuple[Words, Words], count: tuple[Words, Words]) -> tuple[Words, Words]:
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
