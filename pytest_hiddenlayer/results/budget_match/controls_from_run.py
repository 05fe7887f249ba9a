"""Draws for an equal-budget comparison from another run: its single answers, repeated over epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...identifiers import control_label, controlled
from ...types import Record
from ...usage import usage_of
from ..metrics.cells import by_cell


def with_draws(answers: Sequence[Record], singles: Sequence[Record]) -> list[Record]:
    """The records of `answers`, with control cells for strategies that have none of their own.

    The draws are the single answers in `singles` of the same task, model and sample, one an
    epoch. A sample with fewer of them than the strategy made calls gets none: less than its
    budget would not be an equal one.
    """
    cells = by_cell(answers)
    own = {key for key in cells if controlled(key[1]) is not None}
    known = [*answers]
    for (task, label, provider, slug), records in cells.items():
        control = control_label(label)
        if records[0].strategy != "single" and (task, control, provider, slug) not in own:
            known += _draws(records, singles, control)
    return known


def _draws(records: Sequence[Record], singles: Sequence[Record], control: str) -> Iterator[Record]:
    first = {record.sample_id: record for record in records if record.epoch == 1}
    found: dict[str, list[Record]] = {}
    for single in singles:
        asked = first.get(single.sample_id)
        if asked is not None and _same_question(asked, single):
            found.setdefault(single.sample_id, []).append(single)
    for name, draws in found.items():
        if len(draws) >= usage_of(first[name]).calls:
            yield from (replace(draw, label=control, epoch=at) for at, draw in enumerate(draws, 1))


def _same_question(asked: Record, single: Record) -> bool:
    whose = (single.task, single.provider, single.slug, single.sample_hash)
    plain = single.strategy == "single" and controlled(single.label) is None
    return plain and whose == (asked.task, asked.provider, asked.slug, asked.sample_hash)
