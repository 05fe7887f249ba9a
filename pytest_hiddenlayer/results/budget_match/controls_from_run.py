"""Control samples from another run for a compute-matched comparison: its single answers over several epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...identifiers import control_label, controlled
from ...types import Record
from ...usage import usage_of
from ..metrics.cells import by_cell


def with_control_samples(answers: Sequence[Record], singles: Sequence[Record]) -> list[Record]:
    """The records of `answers`, plus control cells for strategies that have none.

    The control samples are the single answers in `singles` of the same task, model and sample,
    one per epoch. A sample with fewer single answers than the strategy made calls gets none,
    because the budgets would not match.
    """
    cells = by_cell(answers)
    with_controls = {key for key in cells if controlled(key[1]) is not None}
    all_records = [*answers]
    for (task, label, provider, slug), records in cells.items():
        control = control_label(label)
        if records[0].strategy != "single" and (task, control, provider, slug) not in with_controls:
            all_records += _controls(records, singles, control)
    return all_records


def _controls(records: Sequence[Record], singles: Sequence[Record], label: str) -> Iterator[Record]:
    """The control samples for a cell's records, with the label of its control cell."""
    first_epoch = {record.sample_id: record for record in records if record.epoch == 1}
    controls: dict[str, list[Record]] = {}
    for single in singles:
        record = first_epoch.get(single.sample_id)
        if record is not None and _same_question(record, single):
            controls.setdefault(single.sample_id, []).append(single)
    for sample_id, answers in controls.items():
        if len(answers) >= usage_of(first_epoch[sample_id]).calls:
            yield from (replace(answer, label=label, epoch=number) for number, answer in enumerate(answers, 1))


def _same_question(record: Record, single: Record) -> bool:
    """Whether `single` is a single answer of the record's model to the same prompt."""
    if single.strategy != "single" or controlled(single.label) is not None:
        return False
    question = (single.task, single.provider, single.slug, single.sample_hash)
    return question == (record.task, record.provider, record.slug, record.sample_hash)
