"""The split for validation, and the batches of each epoch. Both depend on the rows and the seed only."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from .tokens import TokenRow

Batch = tuple[TokenRow, ...]


def split(rows: Sequence[TokenRow], share: float, seed: int) -> tuple[Batch, Batch]:
    """Return (rows to train on, rows to validate on). All rows of a group are on one side.

    Groups are taken in the order of a hash of seed and name until `share` of the rows is reached. At least
    one group is left on each side; with a single group, or a share of 0, nothing is validated on.
    """
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row.group] = sizes.get(row.group, 0) + 1
    order = sorted(sizes, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    wanted, held, chosen = share * len(rows), 0, set[str]()
    for group in order[:-1]:
        if held >= wanted:
            break
        chosen.add(group)
        held += sizes[group]
    trained = tuple(row for row in rows if row.group not in chosen)
    return trained, tuple(row for row in rows if row.group in chosen)


def epoch_batches(
    rows: Sequence[TokenRow], *, batch_size: int, batch_tokens: int, seed: int, epoch: int
) -> list[Batch]:
    """Return the batches of an epoch: every row once, rows of similar length together, in random order.

    A batch has at most `batch_size` rows and `batch_tokens` padded tokens; a longer row is alone.
    """
    generator = random.Random(f"{seed} {epoch}")
    shuffled = generator.sample(list(rows), len(rows))
    batches = packed(sorted(shuffled, key=lambda row: len(row.ids)), batch_size, batch_tokens)
    generator.shuffle(batches)
    return batches


def packed(rows: Sequence[TokenRow], batch_size: int, batch_tokens: int) -> list[Batch]:
    """Return batches of successive rows, which are sorted by length. No row is left out."""
    batches: list[Batch] = []
    current: list[TokenRow] = []
    for row in rows:
        full = len(current) == batch_size or (len(current) + 1) * len(row.ids) > batch_tokens
        if current and full:
            batches.append(tuple(current))
            current = []
        current.append(row)
    return [*batches, tuple(current)] if current else batches
