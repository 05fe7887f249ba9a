"""The error of a figure over items that has no formula of its own: leave out items, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

MOST_BLOCKS = 200


def jackknife(
    n: int,
    figure: Callable[[Sequence[int]], float | None],
    groups: Sequence[Hashable | None] | None = None,
) -> tuple[float | None, int]:
    """(standard error, blocks) of `figure`, which takes the places of the items that are left in.

    sqrt((B - 1)/B · Σ (figure without block - their mean)²): Efron & Tibshirani 1993, "An
    Introduction to the Bootstrap", section 11.5. A block is a cluster, an item where it has
    none; beyond 200 they are dealt to 200 blocks (Kott 2001, "The Delete-a-Group Jackknife").
    The error is None for fewer than two blocks, and where the figure is undefined without one.
    """
    blocks = _blocks(n, groups)
    if len(blocks) < 2:
        return None, len(blocks)
    without = []
    for block in blocks:
        value = figure([at for at in range(n) if at not in block])
        if value is None:
            return None, len(blocks)
        without.append(value)
    mean = math.fsum(without) / len(without)
    squares = math.fsum((value - mean) ** 2 for value in without)
    return math.sqrt((len(blocks) - 1) / len(blocks) * squares), len(blocks)


def _blocks(n: int, groups: Sequence[Hashable | None] | None) -> list[set[int]]:
    members: dict[object, set[int]] = {}
    for at in range(n):
        group = None if groups is None else groups[at]
        members.setdefault(object() if group is None else group, set()).add(at)
    found = list(members.values())
    return [set().union(*found[start::MOST_BLOCKS]) for start in range(min(MOST_BLOCKS, len(found)))]
