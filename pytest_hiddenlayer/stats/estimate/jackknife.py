"""The delete-a-block jackknife: a standard error for a statistic without a formula of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

MAX_BLOCKS = 200
"""More clusters than this are merged into this many blocks."""


def jackknife(
    n: int,
    statistic: Callable[[Sequence[int]], float | None],
    groups: Sequence[Hashable | None] | None = None,
) -> tuple[float | None, int]:
    """(standard error, number of blocks) of `statistic`, which takes the indices of the items to keep.

    sqrt((B - 1)/B · Σ (statistic without a block - mean of these)²): Efron & Tibshirani 1993,
    "An Introduction to the Bootstrap", section 11.5. A block is a cluster, or an item without
    group; more than 200 are merged into 200 blocks (Kott 2001, "The Delete-a-Group Jackknife").
    The error is None for fewer than two blocks, or if the statistic is undefined without one.
    """
    blocks = _blocks(n, groups)
    if len(blocks) < 2:
        return None, len(blocks)
    leave_out_values = []
    for block in blocks:
        value = statistic([index for index in range(n) if index not in block])
        if value is None:
            return None, len(blocks)
        leave_out_values.append(value)
    mean = math.fsum(leave_out_values) / len(leave_out_values)
    squares = math.fsum((value - mean) ** 2 for value in leave_out_values)
    return math.sqrt((len(blocks) - 1) / len(blocks) * squares), len(blocks)


def _blocks(n: int, groups: Sequence[Hashable | None] | None) -> list[set[int]]:
    members: dict[object, set[int]] = {}
    for index in range(n):
        group = None if groups is None else groups[index]
        members.setdefault(object() if group is None else group, set()).add(index)
    clusters = list(members.values())
    return [set().union(*clusters[start::MAX_BLOCKS]) for start in range(min(MAX_BLOCKS, len(clusters)))]
