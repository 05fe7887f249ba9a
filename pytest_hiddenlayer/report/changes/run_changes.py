"""The changes of a run against its baselines, at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...identifiers import controlled
from ...results.cell_config import CellConfig
from ...results.log.lean_records import without_texts
from ...results.metrics.cells import CellMetrics, by_cell
from ...results.regression.baseline import Baseline, CellKey
from ...results.regression.compare_runs import CellPair, RunComparison, other_scorers
from ...results.regression.gate import GateResult, Policy
from ...results.regression.gate_checks import not_comparable, not_run, nothing_paired
from ...results.regression.gate_messages import list_names
from ...results.regression.measured_cell import measured_cell
from ...results.regression.references import BaselineLookup
from ...types import Record
from .changed_cells import changes_json

MAX_NAMES = 5
MAX_COMPARED = 200_000
"""A cell with more samples is not compared one by one in the page of a run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRun:
    """A run whose gates were judged."""

    run_id: str
    baseline: str | None  # as named by the user; None: the committed snapshots
    metrics: Sequence[CellMetrics]
    gates: Mapping[tuple[str, ...], GateResult]
    records: Sequence[Record]
    policy: Policy
    find: Callable[[CellConfig], BaselineLookup]


def run_changes(run: JudgedRun) -> dict[str, Any]:
    """`Changes` of `web/src/data.ts`: every gated cell against its baseline, and why the others have none."""
    reasons = list(_reasons(run))
    judged = [] if reasons else [metrics for metrics in run.metrics if metrics.config.key in run.gates]
    lookups = [(metrics, run.find(metrics.config)) for metrics in judged]
    missing = {metrics.config.key: found.missing for metrics, found in lookups if not (found.baseline or found.fault)}
    comparison = RunComparison(
        old=_old_name(run, lookups),
        new=run.run_id,
        cells=tuple(_pairs(run, lookups)),
        only_old=(),
        only_new=tuple(missing),
        faults=tuple(f"{'/'.join(metrics.config.key)}: {found.fault}" for metrics, found in lookups if found.fault),
    )
    return changes_json(comparison, notes=[*(reasons or _left_out(run)), *_missing_notes(missing)])


def _old_name(run: JudgedRun, lookups: Sequence[tuple[CellMetrics, BaselineLookup]]) -> str:
    """The name of the baseline: of the run that all cells are compared with, else as the user named it."""
    names = {found.baseline.name for _, found in lookups if found.baseline is not None}
    return names.pop() if run.baseline and len(names) == 1 else run.baseline or "the committed snapshots"


def _pairs(run: JudgedRun, lookups: Sequence[tuple[CellMetrics, BaselineLookup]]) -> Iterator[CellPair]:
    compared = {m.config.key for m, found in lookups if found.baseline is not None and not _too_large(m)}
    kept = (_with_output_only(record) for record in run.records if record.cell in compared)
    records = by_cell(kept) if compared else {}
    for metrics, found in lookups:
        if found.baseline is not None and metrics.config.key in compared:
            yield _pair(run, metrics, found.baseline, records.get(metrics.config.key, []))


def _pair(run: JudgedRun, metrics: CellMetrics, baseline: Baseline, records: Sequence[Record]) -> CellPair:
    """A judged cell and its baseline, with the gate's comparison, or why there is none."""
    match = run.policy.match
    comparison = run.gates[metrics.config.key].comparison
    new = measured_cell(f"run {run.run_id}", metrics, records)
    fault = None
    if comparison is None:
        fault = not_run(metrics) or not_comparable(metrics, baseline) or nothing_paired(metrics, baseline, match)
    others = tuple(other_scorers(baseline, new, match))
    return CellPair(old=baseline, new=new, comparison=comparison, fault=fault, other_scorers=others)


def _too_large(metrics: CellMetrics) -> bool:
    """Whether a cell has too many samples to be compared one by one in a page."""
    return metrics.n_samples > MAX_COMPARED


def _with_output_only(record: Record) -> Record:
    """The record with the one text that a comparison shows."""
    return replace(without_texts(record), output=record.output)


def _reasons(run: JudgedRun) -> Iterator[str]:
    """Why a run was compared with nothing; no sentence if it was compared."""
    if run.policy.update:
        yield "This run updated the snapshots: it is the baseline that later runs are compared with."
    elif run.policy.mode in ("off", "threshold"):
        yield f"This run was compared with nothing: --hl-gate={run.policy.mode} uses no baseline."
    elif not run.gates and run.metrics:
        yield "This run was compared with nothing: it ended early, or no gate was selected."


def _left_out(run: JudgedRun) -> Iterator[str]:
    """The cells whose gates were not selected, and the cells that were answered in part."""
    cells = {m.config.key: m for m in run.metrics if controlled(m.config.label) is None}
    ungated = [key for key in cells if key not in run.gates]
    partial = [key for key, metrics in cells.items() if key in run.gates and metrics.partial]
    if ungated:
        yield f"Not compared, as their gates are not part of this run: {_names(ungated)}."
    if large := [key for key, metrics in cells.items() if key in run.gates and _too_large(metrics)]:
        yield (
            f"Judged, but not compared sample by sample, because this page compares cells of up to {MAX_COMPARED:,} "
            f"samples: {_names(large)}. `hiddenlayer compare REF {run.run_id}` compares them."
        )
    if partial:
        yield f"Only some samples of these cells were selected: {_names(partial)}."


def _missing_notes(missing: Mapping[CellKey, str]) -> Iterator[str]:
    """Why cells have no baseline, each reason once."""
    for reason in dict.fromkeys(missing.values()):
        yield f"{_names([key for key, text in missing.items() if text == reason])}: {reason}."


def _names(keys: Sequence[CellKey]) -> str:
    return list_names(["/".join(key) for key in keys], MAX_NAMES)
