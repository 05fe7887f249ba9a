"""The cells of the draws under equal budget: they have figures like any other, and no item, gate or snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...identifiers import control_label
from ...types import Record
from ..metrics.cells import CellConfig, CellMetrics, by_cell, compute_metrics


def control_figures(plans: Iterable[CellConfig], records: Iterable[Record]) -> list[CellMetrics]:
    """The figures of every control that has records, in the order of the strategies' plans."""
    cells = by_cell(records)
    keyed = [(plan, (plan.task, control_label(plan.label), plan.provider, plan.slug)) for plan in plans]
    return [_figures(plan, cells[key]) for plan, key in keyed if key in cells]


def _figures(plan: CellConfig, records: Sequence[Record]) -> CellMetrics:
    place = {name: at for at, name in enumerate(plan.selected)}
    ordered = sorted(records, key=lambda r: (place.get(r.sample_id, len(place)), r.sample_id, r.epoch))
    return compute_metrics(_control_plan(plan, ordered), ordered)


def _control_plan(plan: CellConfig, records: Sequence[Record]) -> CellConfig:
    """A draw is an epoch; a sample's score is the mean over its draws, whatever the task's reducer."""
    return replace(
        plan,
        strategy="single",
        strategy_params=records[0].strategy_params,
        label=records[0].label,
        params="",
        epochs=max(record.epoch for record in records),
        reducer="mean",
        threshold=None,
        selected=tuple(dict.fromkeys(record.sample_id for record in records)),
        self_judged=plan.self_judged and "judge" not in plan.strategy_params.values(),  # by a scorer
        gate_id=None,
    )
