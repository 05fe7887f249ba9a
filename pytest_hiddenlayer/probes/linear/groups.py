"""Splits of rows by group, so that no group is on both sides."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import UsageError

MIN_GROUPS = 10
"""Fewer groups give a test part of two or three, whose interval says nothing."""


def group_numbers(groups: Sequence[Hashable]) -> Any:
    """Each row's group as a number from 0, in order of first appearance; integers [n]."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=int)


def group_parts(groups: Sequence[Hashable], shares: Sequence[float], *, seed: int) -> list[Any]:
    """One Boolean mask [n] per share: whole groups in random order, in which shares are shares of groups.

    The shares sum to 1. Raises UsageError for fewer than ten groups: too few to learn from some and judge by others.
    """
    numbers = group_numbers(groups)
    n_groups = int(numbers.max()) + 1 if len(numbers) else 0
    if n_groups < MIN_GROUPS:
        raise UsageError(
            f"a linear probe needs at least {MIN_GROUPS} groups, some to train on and others to test on; "
            f"the rows have {n_groups}: add samples, or use finer groups if rows of a group are independent"
        )
    order = np.random.default_rng(seed).permutation(n_groups)
    ends = np.rint(np.cumsum([0.0, *shares]) * n_groups).astype(int)
    return [np.isin(numbers, order[start:end]) for start, end in pairwise(ends)]


def check_no_leak(groups: Sequence[Hashable], test: Any) -> None:
    """Raise UsageError if a group has rows on both sides of the mask `test`, or a side has no row."""
    inside = {group for group, held_out in zip(groups, test, strict=True) if held_out}
    outside = {group for group, held_out in zip(groups, test, strict=True) if not held_out}
    if not inside or not outside:
        raise UsageError(
            f"a linear probe needs rows to train on and rows to test on; `test` marks {int(np.sum(test))} of "
            f"{len(groups)} rows: mark some, not all"
        )
    if both := inside & outside:
        first = min(both, key=str)
        raise UsageError(
            f"the rows of a group must be on one side of the split; {len(both)} of {len(inside | outside)} groups "
            f"are on both, the first is {first!r}: leave out `test`, which splits by group"
        )


def grouped_folds(groups: Sequence[Hashable], n_folds: int, *, seed: int) -> list[Any]:
    """Boolean masks [n] of the held-out rows of each fold; at most as many folds as groups, at least two."""
    numbers = group_numbers(groups)
    n_groups = int(numbers.max()) + 1
    order = np.random.default_rng(seed).permutation(n_groups)
    fold_of = np.empty(n_groups, dtype=int)
    fold_of[order] = np.arange(n_groups) % max(2, min(n_folds, n_groups))
    return [fold_of[numbers] == fold for fold in range(int(fold_of.max()) + 1)]
