"""Which baseline a cell is compared with, read once a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import HiddenLayerError, SnapshotError, UsageError
from ..results.figures import CellFigures, CellPlan, by_cell, figures
from ..results.runlog import find_run, read_records
from ..results.snapshot import FOLDER, Baseline, BaselineSample, baseline, snapshot_path
from .state import State


@dataclass(frozen=True, slots=True)
class Found:
    """A baseline, or why there is none that can be trusted."""

    baseline: Baseline | None = None
    fault: str | None = None


def baseline_of(state: State, cell: tuple[str, ...]) -> Found:
    """The baseline of a cell: `--baseline`, else the committed snapshot."""
    if cell not in state.baselines:
        plan = state.plans.get(cell)
        state.baselines[cell] = Found() if plan is None else _find(state, plan)
    found: Found = state.baselines[cell]
    return found


def _find(state: State, plan: CellPlan) -> Found:
    try:
        if state.options.baseline is None:
            return _snapshot(state.root / snapshot_path(plan), str(snapshot_path(plan)))
        return _referred(state, plan, state.options.baseline)
    except HiddenLayerError as error:
        return Found(fault=f"the baseline cannot be used: {error}")


def _snapshot(path: Path, name: str) -> Found:
    return Found(baseline=baseline(path, name)) if path.is_file() else Found()


def _referred(state: State, plan: CellPlan, reference: str) -> Found:
    folder = state.config.invocation_params.dir / reference
    if folder.is_file():
        return Found(baseline=baseline(folder, reference))
    if folder.is_dir() and not (folder / "records.jsonl").is_file():
        below = snapshot_path(plan).relative_to(FOLDER)
        found = _snapshot(folder / below, f"{reference}/{below}")
        if found.baseline is None:
            raise SnapshotError(f"--baseline {reference}: no {below} in it")
        return found
    run = find_run(state.root, reference)
    records = by_cell(read_records(run)).get(plan.key)
    if not records:
        raise UsageError(f"--baseline {reference}: run {run.name} holds no record of {'/'.join(plan.key)}")
    return Found(baseline=_of_figures(figures(plan, records), f"run {run.name}", plan.scorer))


def _of_figures(found: CellFigures, name: str, scorer: str) -> Baseline:
    samples = {
        key: BaselineSample(score=s.score, outcome=s.outcome, answer=s.answer, hash=s.hash)
        for key, s in found.samples.items()
    }
    return Baseline(name=name, scorer=scorer, samples=samples)
