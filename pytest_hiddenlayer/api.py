"""Evaluate without pytest: for the `hiddenlayer` command and for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .engine.cases import Case, Cell, cases, cells
from .engine.options import RunOptions, check
from .engine.runtime import Runtime
from .errors import HiddenLayerError, TaskError, UsageError
from .report.equal_budget import Findings, find
from .results.baselines import Found, Reference, find_baseline, open_reference
from .results.control_cells import control_figures
from .results.figures import CellFigures, by_cell, figures
from .results.gate import GateResult, judge_gates, policy_of
from .results.plans import plan_of
from .results.runlog import RunLog, new_run_id, write_json
from .taskfile import is_task_file, load_task, refuse_taken
from .types import Record, Task

if TYPE_CHECKING:
    from concurrent.futures import Future

AHEAD = 64
"""Cases in flight at most; a provider's own bound lies within."""


@dataclass(kw_only=True)
class Run:
    """What came out of one invocation."""

    log: RunLog
    records: list[Record] = field(default_factory=list)
    figures: list[CellFigures] = field(default_factory=list)
    gates: dict[tuple[str, ...], GateResult] = field(default_factory=dict)
    controls: list[Record] = field(default_factory=list)  # the draws under equal budget
    findings: Findings | None = None  # what they say
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
) -> Run:
    """Answer every case of the task files found under `paths`; log, summary and gates as in pytest.

    A file that cannot be used is a fault of the run, the others still run. `on_record` is
    called after each record with (record, how many so far, how many in all).
    """
    check(options)
    run = Run(log=RunLog(root, new_run_id(), command))
    found = list(_cells(run, find_task_files(paths), options, root))
    todo = [case for cell, _ in found for case in cases(cell)]
    runtime = Runtime(options, run.log.run_id, on_record=run.log.append)
    try:
        for record in _answers(run, runtime, todo):
            run.records.append(record)
            if on_record is not None:
                on_record(record, len(run.records), len(todo))
    finally:
        runtime.close()
        _conclude(run, found, options, root)
    return run


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
    """Records in order, a window of cases in flight."""
    rest = iter(todo)
    flying: list[Future[Record]] = []
    while True:
        for case in islice(rest, AHEAD - len(flying)):
            try:
                flying.append(runtime.submit(case, on_control=run.controls.append))
            except HiddenLayerError as error:
                if error not in run.faults:
                    run.faults.append(error)
        if not flying:
            return
        yield runtime.wait(flying.pop(0))


def _conclude(run: Run, found: Sequence[tuple[Cell, int]], options: RunOptions, root: Path) -> None:
    records = by_cell(run.records)
    for cell, total in found:
        ids = tuple(sample.id for sample in cell.task.samples)
        plan = replace(plan_of(cell, total), selected=ids)
        figure = figures(plan, records.get(plan.key, []))
        run.figures.append(figure)
    if options.gate != "off":
        reference = _reference(options, root, run.log.run_id)
        cells = [
            (f, reference if isinstance(reference, Found) else find_baseline(f.plan, reference)) for f in run.figures
        ]
        run.gates = {
            f.plan.key: gate for (f, _), gate in zip(cells, judge_gates(cells, policy_of(options)), strict=True)
        }
    if options.equal_budget and run.records:
        everything = [*run.records, *run.controls]
        run.figures += control_figures([figure.plan for figure in run.figures], everything)
        run.findings = find(everything)
        write_json(run.log.folder / "equal_budget.json", run.findings.to_json())
    if run.records:
        run.log.write_summary(
            [
                {**f.to_json(), "gate": run.gates[f.plan.key].word if f.plan.key in run.gates else None}
                for f in run.figures
            ]
        )


def _reference(options: RunOptions, root: Path, current: str) -> Reference | Found:
    try:
        return open_reference(options.baseline, root=root, where=Path.cwd(), current=current)
    except HiddenLayerError as error:
        return Found(fault=f"the baseline cannot be used: {error}")
