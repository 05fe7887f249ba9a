"""Metrics of control cells: the control samples of a compute-matched run. They have no item, gate or snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...identifiers import SHARED_CONTROLS, control_label
from ...types import Record
from ..cell_config import CellConfig
from ..metrics.cells import CellMetrics, by_cell, compute_metrics


def control_metrics(configs: Iterable[CellConfig], records: Iterable[Record]) -> list[CellMetrics]:
    """The metrics of every control cell with records, in the order of `configs`, strategies' cells; shared last."""
    cells = by_cell(records)
    own = [(config, config.label) for config in configs]
    shared = {(config.task, config.provider, config.slug): (config, SHARED_CONTROLS) for config, _ in own}
    keys = [
        (config, (config.task, control_label(label), config.provider, config.slug))
        for config, label in (*own, *shared.values())
    ]
    return [_control_metrics(config, cells[key]) for config, key in keys if key in cells]


def _control_metrics(config: CellConfig, records: Sequence[Record]) -> CellMetrics:
    position = {name: index for index, name in enumerate(config.selected)}
    ordered = sorted(records, key=lambda r: (position.get(r.sample_id, len(position)), r.sample_id, r.epoch))
    return compute_metrics(_control_config(config, ordered), ordered)


def _control_config(config: CellConfig, records: Sequence[Record]) -> CellConfig:
    """The control cell's configuration: each control sample is an epoch, and the reducer is always `mean`."""
    return replace(
        config,
        strategy="single",
        strategy_params=records[0].strategy_params,
        label=records[0].label,
        params="",
        epochs=max(record.epoch for record in records),
        reducer="mean",
        threshold=None,
        selected=tuple(dict.fromkeys(record.sample_id for record in records)),
        answers=len(records),
        stopped_after=None,
        self_judged=config.self_judged and "judge" not in config.strategy_params.values(),  # by a scorer
        gate_id=None,
    )
