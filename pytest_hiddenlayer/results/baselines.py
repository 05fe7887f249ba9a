"""Which baseline a cell is compared with: its committed snapshot, a snapshot file or folder, or a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import HiddenLayerError, SnapshotError, UsageError
from .figures import CellFigures, CellPlan, by_cell, figures
from .runlog import find_run, read_records
from .snapshot import FOLDER, Baseline, BaselineSample, baseline, snapshot_path


@dataclass(frozen=True, slots=True)
class Found:
    """A baseline, or why there is none that can be trusted; neither: there is none."""

    baseline: Baseline | None = None
    fault: str | None = None


def find_baseline(plan: CellPlan, reference: str | None, *, root: Path, where: Path, current: str) -> Found:
    """The baseline of a cell: the snapshot below `root`, or what `reference` names, seen from `where`.

    A reference is an existing path, else a run id or `last`, the last before the run `current`.
    """
    try:
        if reference is None:
            return _snapshot(root / snapshot_path(plan), str(snapshot_path(plan)))
        return _referred(plan, reference, root=root, path=where / reference, current=current)
    except HiddenLayerError as error:
        return Found(fault=f"the baseline cannot be used: {error}")


def _snapshot(path: Path, name: str) -> Found:
    return Found(baseline=baseline(path, name)) if path.is_file() else Found()


def _referred(plan: CellPlan, reference: str, *, root: Path, path: Path, current: str) -> Found:
    if path.is_file():
        return Found(baseline=baseline(path, reference))
    if path.is_dir() and not (path / "records.jsonl").is_file():
        below = snapshot_path(plan).relative_to(FOLDER)
        found = _snapshot(path / below, f"{reference}/{below}")
        if found.baseline is None:
            raise SnapshotError(f"--baseline {reference}: no {below} in it")
        return found
    run = path if path.is_dir() else find_run(root, reference, but=current)
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
