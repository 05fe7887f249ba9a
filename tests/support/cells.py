"""Cells, gates and tables for the tests of reports."""

from __future__ import annotations

from dataclasses import replace

from pytest_hiddenlayer.report.table import HEADERS, cell_rows, cell_table
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.baseline import Baseline
from pytest_hiddenlayer.results.regression.gate import GateResult, Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup

from .records import CONFIG, base, cell, record, some

FOOTNOTE = "* judged by the candidate itself"


def row(metrics: CellMetrics, gate: GateResult | None = None) -> dict[str, str]:
    """The cell's row by header."""
    (values,) = cell_rows([metrics], {metrics.config.key: gate} if gate else {})
    return dict(zip(HEADERS, values, strict=True))


def table(*cells: CellMetrics, gates: dict[tuple[str, ...], GateResult] | None = None, width: int = 120) -> str:
    """The terminal's table without colour."""
    return cell_table(cells, gates or {}, width=width, colour=False)


def debated(judge: str = "judge", *, self_judged: bool = True) -> CellMetrics:
    """A cell of debate whose verdict comes from `judge`."""
    return cell({"a": 1.0}, label="debate", strategy_params={"verdict": judge}, self_judged=self_judged)


def gated(metrics: CellMetrics) -> dict[tuple[str, ...], GateResult]:
    """The cell's gate against a baseline of ten right answers."""
    return {metrics.config.key: judge(metrics, base(some(10, 10)))}


def judge(metrics: CellMetrics, before: Baseline) -> GateResult:
    """The gate of the only cell of a session."""
    (result,) = decide_gates([(metrics, BaselineLookup(baseline=before))], Policy())
    return result


def repeated(**changes: object) -> CellMetrics:
    """Twelve samples in three epochs each, two of them flaky, with a stated confidence."""
    records = [
        record(
            f"s{at}",
            float(at > 3 if at > 1 else epoch == 1),
            epoch=epoch,
            answer_metadata={"confidence": 0.5 + at / 30},
            **changes,
        )
        for at in range(12)
        for epoch in (1, 2, 3)
    ]
    ids = tuple(f"s{at}" for at in range(12))
    return compute_metrics(replace(CONFIG, total=12, selected=ids, epochs=3), records)
