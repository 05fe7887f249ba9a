"""Evaluate without pytest: for the `hiddenlayer` command and for notebooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from .calls.batch.ledger import BATCHES
from .engine.cases import Case, Cell, cases, cells
from .engine.runtime import Runtime
from .errors import HiddenLayerError, TaskError, UsageError
from .options import RunOptions, check
from .report.budget_match import Findings, find
from .results.budget_match.control_cells import control_figures
from .results.log.resume import resumable
from .results.log.run_log import RunLog, new_run_id, write_json
from .results.log.summary import summary
from .results.metrics.cells import CellConfig, CellMetrics, by_cell, compute_metrics
from .results.regression.baseline import CellKey
from .results.regression.early_stopping import Adaptive, stoppable_cells
from .results.regression.gate import GateResult, judge_gates
from .results.regression.references import BaselineLookup, find_baseline, open_reference
from .session.cell_config import config_from_cell
from .session.policy import match_of, policy_of
from .taskfile import is_task_file, load_task, refuse_taken
from .types import Record, Task

if TYPE_CHECKING:
    from concurrent.futures import Future

AHEAD = 64
"""Cases in flight at most, but for batches; a provider's own bound lies within."""


@dataclass(kw_only=True)
class Run:
    """What came out of one invocation."""

    log: RunLog
    records: list[Record] = field(default_factory=list)
    metrics: list[CellMetrics] = field(default_factory=list)
    gates: dict[tuple[str, ...], GateResult] = field(default_factory=dict)
    stoppable_cells: dict[CellKey, Adaptive] = field(default_factory=dict)  # cells that may end early
    controls: list[Record] = field(default_factory=list)  # the draws under equal budget
    findings: Findings | None = None  # what they say
    budget: str | None = None  # what of it was spent, in one line
    faults: list[HiddenLayerError] = field(default_factory=list)  # files or models that could not be used

    @property
    def ok(self) -> bool:
        """Whether nothing failed: no fault, no error record, no red gate, and something was measured."""
        errors = any(record.outcome == "error" for record in self.records)
        red = any(gate.outcome == "failed" for gate in self.gates.values())
        return bool(self.records) and not (self.faults or errors or red)


def find_task_files(paths: Sequence[Path]) -> list[Path]:
    """The task files among and below `paths`, sorted. Raises UsageError for a path that is not there."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        below = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        found += [p for p in below if p.suffix in (".yaml", ".yml", ".json") and is_task_file(p)]
    return list(dict.fromkeys(found))


def evaluate(
    paths: Sequence[Path],
    options: RunOptions,
    *,
    root: Path,
    command: Sequence[str] = (),
    on_record: Callable[[Record, int, int], None] | None = None,
    on_notice: Callable[[str], None] = lambda text: None,
) -> Run:
    """Answer every case of the task files found under `paths`; log, summary and gates as in pytest.

    A file that cannot be used is a fault of the run, the others still run. `on_record` is
    called after each record with (record, how many so far, how many in all), `on_notice` from
    any thread with a sentence on what is sent, collected and still to be collected in batches.
    """
    check(options)
    run = Run(log=RunLog(root, new_run_id(), command, shared=False))
    found = list(_cells(run, find_task_files(paths), options, root))
    plans = [_plan(cell, total) for cell, total in found]
    baselines = _baselines(plans, options, root, run.log.run_id)
    if options.adaptive and options.gate not in ("off", "threshold"):
        run.stoppable_cells = stoppable_cells(plans, lambda plan: baselines[plan.key], match_of(options))
    todo = [case for cell, _ in found for case in cases(cell)]
    runtime = Runtime(
        options,
        run.log.run_id,
        on_records=run.log.append_all,
        batches=root / BATCHES,
        on_notice=on_notice,
        resumed=resumable(options.resume) if options.resume else {},
    )
    try:
        for record in chain.from_iterable(_answers(run, runtime, wave) for wave in _waves(run, todo)):
            run.records.append(record)
            if record.cell in run.stoppable_cells:
                run.stoppable_cells[record.cell].add(record)
            if on_record is not None:
                on_record(record, len(run.records), len(todo))
        runtime.release()
    finally:
        for text in runtime.pending_batches():
            on_notice(text)
        run.budget = None if runtime.budget is None else runtime.budget.summary()
        runtime.close()
        run.log.close()
        _conclude(run, plans, baselines, options)
    return run


def _plan(cell: Cell, total: int) -> CellConfig:
    return replace(config_from_cell(cell, total), selected=tuple(sample.id for sample in cell.task.samples))


def _waves(run: Run, todo: Sequence[Case]) -> Iterator[list[Case]]:
    """All cases at once; where cells may end early, one epoch after the other without those that are decided."""
    if not run.stoppable_cells:
        yield list(todo)
        return
    for epoch in range(1, max((case.epoch for case in todo), default=0) + 1):
        yield [case for case in todo if case.epoch == epoch and not _decided(run, case)]


def _decided(run: Run, case: Case) -> bool:
    one = run.stoppable_cells.get(case.cell.key)
    decision = one.decision() if one is not None else None
    return decision is not None and decision.look < case.epoch


def _cells(run: Run, files: Sequence[Path], options: RunOptions, root: Path) -> Iterator[tuple[Cell, int]]:
    tasks: dict[Path, Task] = {}
    for path in files:
        try:
            task = load_task(path, root)
            refuse_taken(task, tasks)
            tasks[path] = task
            yield from ((cell, len(task.samples)) for cell in cells(task, options))
        except TaskError as error:
            run.faults.append(error)
        except HiddenLayerError as error:
            run.faults.append(TaskError(str(error), file=str(path)))


def _answers(run: Run, runtime: Runtime, todo: Sequence[Case]) -> Iterator[Record]:
    """Records in order, a window of cases in flight; all of them where batches are to be filled."""
    rest, most = iter(todo), sys.maxsize if runtime.options.batch else AHEAD
    flying: list[Future[Record]] = []
    while True:
        for case in islice(rest, most - len(flying)):
            try:
                flying.append(runtime.submit(case, on_control=run.controls.append))
            except HiddenLayerError as error:
                if error not in run.faults:
                    run.faults.append(error)
        if not flying:
            return
        yield runtime.wait(flying.pop(0))


def _conclude(
    run: Run, plans: Sequence[CellConfig], baselines: Mapping[CellKey, BaselineLookup], options: RunOptions
) -> None:
    records = by_cell(run.records)
    run.metrics = [compute_metrics(plan, records.get(plan.key, [])) for plan in plans]
    if options.gate != "off":
        decisions = {key: one.decision() for key, one in run.stoppable_cells.items()}
        judged = judge_gates([(f, baselines[f.plan.key]) for f in run.metrics], policy_of(options), decisions)
        run.gates = {figure.plan.key: gate for figure, gate in zip(run.metrics, judged, strict=True)}
    if options.equal_budget and run.records:
        everything = [*run.records, *run.controls]
        run.metrics += control_figures([figure.plan for figure in run.metrics], everything)
        run.findings = find(everything)
        write_json(run.log.folder / "equal_budget.json", run.findings.to_json())
    if run.records:
        run.log.write_summary(summary(run.metrics, run.gates))


def _baselines(
    plans: Sequence[CellConfig], options: RunOptions, root: Path, current: str
) -> dict[CellKey, BaselineLookup]:
    """The baseline of every cell; a reference that names nothing is a fault of all of them."""
    if options.gate == "off":
        return {}
    try:
        reference = open_reference(options.baseline, root=root, where=Path.cwd(), current=current)
    except HiddenLayerError as error:
        fault = BaselineLookup(fault=f"the baseline cannot be used: {error}")
        return {plan.key: fault for plan in plans}
    return {plan.key: find_baseline(plan, reference) for plan in plans}
