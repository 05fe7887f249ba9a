"""The content of `summary.json`: a list of cells with metrics, comparison and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.cells import CellMetrics
from ..regression.gate import GateResult

SUMMARY = "summary.json"


def summary(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> list[dict[str, Any]]:
    """One object per cell, in order; `gate`, its message and `comparison` are null if there was none."""
    return [_cell(cell, gates.get(cell.config.key)) for cell in metrics]


def _cell(metrics: CellMetrics, gate: GateResult | None) -> dict[str, Any]:
    comparison = None if gate is None or gate.comparison is None else gate.comparison.to_json()
    return {
        **metrics.to_json(),
        "gate": None if gate is None else gate.word,
        "gate_message": None if gate is None else gate.message,
        "comparison": comparison,
    }
