"""What a cell has spent in all: calls of answers that were later replaced were paid too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...types import Record, Usage
from ...usage import costs_of
from .calls import call_metrics
from .cells import CellMetrics, by_cell


def with_replaced_answers(metrics: Iterable[CellMetrics], records: Sequence[Record]) -> list[CellMetrics]:
    """Return the metrics with the tokens, cost and calls of all records, not only of each item's last answer.

    An item is answered more than once if a plugin such as pytest-rerunfailures runs it again. Its
    last answer is scored; all of them were paid.
    """
    kept = {id(record) for cell in by_cell(records).values() for record in cell}
    replaced: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        if id(record) not in kept:
            replaced.setdefault(record.cell, []).append(record)
    if not replaced:
        return list(metrics)
    return [_added(cell, replaced.get(cell.config.key, []), records) for cell in metrics]


def _added(cell: CellMetrics, replaced: Sequence[Record], records: Sequence[Record]) -> CellMetrics:
    if not replaced:
        return cell
    costs = [cell.cost_usd, *costs_of(replaced)]
    known = [cost for cost in costs if cost is not None]
    return replace(
        cell,
        usage=sum((Usage(**record.usage) for record in replaced), cell.usage),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        calls=call_metrics([record for record in records if record.cell == cell.config.key]),
    )
