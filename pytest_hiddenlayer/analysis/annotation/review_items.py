"""Selects the records of a run to review: wrong answers, or those that turned right or wrong against another run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...errors import UsageError
from ...identifiers import controlled
from ...results.metrics.cells import by_cell
from ...results.regression.compare_runs import CellPair
from ...types import Record
from ..answers import player_of
from .reviews import Item, ReviewReason

REVIEWABLE = frozenset({"incorrect", "partial", "truncated", "empty", "refused", "unscored"})
"""Outcomes that a person can explain. An error is the provider's; a skipped item has no answer."""


def wrong_items(records: Iterable[Record]) -> list[Item]:
    """Every answer that was not right, in the order of the log. Control samples are left out."""
    cells = by_cell(record for record in records if controlled(record.label) is None)
    return [
        Item(record=record, what="wrong")
        for cell in cells.values()
        for record in cell
        if record.outcome in REVIEWABLE
    ]


def flipped_items(records: Iterable[Record], cells: Iterable[CellPair]) -> list[Item]:
    """The answers whose sample turned wrong or right, each with the old side's answer."""
    records_by_cell = by_cell(records)
    return [item for cell in cells for item in _flipped(records_by_cell.get(cell.new.key, []), cell)]


def select(items: Sequence[Item], *, strategies: Sequence[str] = (), tasks: Sequence[str] = ()) -> list[Item]:
    """The items of these strategies (names, labels or players) and tasks. Raises UsageError for an unknown one."""
    for option, selected, available in (
        ("--strategy", strategies, {name for item in items for name in _names(item.record)}),
        ("--task", tasks, {item.record.task for item in items}),
    ):
        for name in selected:
            if name not in available:
                names = ", ".join(sorted(available)) or "none"
                raise UsageError(f"{option} {name!r}: nothing to review (available: {names})")
    return [
        item
        for item in items
        if (not strategies or _names(item.record) & set(strategies)) and (not tasks or item.record.task in tasks)
    ]


def _flipped(records: Sequence[Record], cell: CellPair) -> Iterator[Item]:
    if cell.comparison is None:
        return
    changes: tuple[tuple[ReviewReason, Sequence[str]], ...] = (
        ("newly wrong", cell.comparison.newly_wrong),
        ("newly right", cell.comparison.newly_right),
    )
    _, label, provider, slug = cell.old.key
    old_side = f"{cell.old.name} {label}@{provider}:{slug}"
    for what, sample_ids in changes:
        for sample_id in sample_ids:
            old = cell.old.samples[sample_id]
            for record in _representative(records, sample_id, right=what == "newly right"):
                yield Item(record=record, what=what, old_side=old_side, old_answer=old.answer, old_output=old.output)


def _representative(records: Sequence[Record], sample_id: str, *, right: bool) -> Sequence[Record]:
    """The sample's first epoch that shows the change, else its first epoch; empty without any."""
    epochs = [record for record in records if record.sample_id == sample_id]
    showing = [record for record in epochs if (record.outcome == "correct") == right]
    return (showing or epochs)[:1]


def _names(record: Record) -> set[str]:
    return {record.strategy, record.label, player_of(record)}
