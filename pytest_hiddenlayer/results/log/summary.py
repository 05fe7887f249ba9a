"""`summary.json`: a list of cells with the terminal's figures, what each was compared with, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.cells import CellMetrics
from ..regression.gate import GateResult


def summary(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> list[dict[str, Any]]:
    """One object a cell, in their order; `gate` and `comparison` are null where there was none."""
    return [_cell(found, gates.get(found.plan.key)) for found in metrics]


def _cell(found: CellMetrics, gate: GateResult | None) -> dict[str, Any]:
    compared = None if gate is None or gate.comparison is None else gate.comparison.to_json()
    return {**found.to_json(), "gate": None if gate is None else gate.word, "comparison": compared}
