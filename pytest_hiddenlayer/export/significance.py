"""Which cells of a run are significantly better or worse than a reference, and which is the best of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SnapshotError, UsageError
from ..identifiers import controlled
from ..project import find_project
from ..results.regression.baseline import Baseline, CellKey
from ..results.regression.cell_comparison import ALPHA, CellComparison, assign_verdicts, compare_cell
from ..results.regression.compare_runs import RunComparison, compare_references
from ..results.regression.pairing import match_samples
from ..results.regression.references import Reference, find_cell, open_reference
from ..results.regression.sources import BaselineSource, Cells, RunRecords
from ..stats.paired.holm import holm
from .exported_run import ExportedRun, checked_cells, key_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Significance:
    """Verdicts of paired comparisons."""

    verdicts: Mapping[CellKey, str] = field(default_factory=dict)  # improved, regressed, same or underpowered
    reference: str | None = None  # what the verdicts compare with; None: nothing
    family: int = 0  # comparisons under one Holm correction
    best: frozenset[CellKey] = frozenset()  # cells that are better than every other cell of their task
    rivals: int = 0  # comparisons behind `best`, under another Holm correction


def significance_of(run: ExportedRun, against: str | None, *, cwd: Path) -> Significance:
    """Compare a run with `against`, else with the baseline of its gates, and the cells of each task with each other.

    Raises UsageError if `against` does not exist or has no cell in common with the run.
    """
    source = RunRecords.read(run.folder)
    best, rivals = _best(source)
    if against is None:
        return _of_gates(run, best, rivals)
    project = find_project(cwd)
    old = open_reference(against, root=project.root, cwd=cwd, reports=project.reports)
    comparison = compare_references(old, Reference(_WithoutItself(source, old)))
    verdicts = _verdicts(comparison)
    if not verdicts:
        raise UsageError(
            f"--against {against}: {_nothing(comparison)}; "
            "select other cells of it with @PROVIDER:MODEL and #STRATEGY"
        )
    return Significance(verdicts=verdicts, reference=_name(old), family=len(verdicts), best=best, rivals=rivals)


@dataclass(frozen=True, slots=True)
class _WithoutItself:
    """A run without the cells that the reference would compare with themselves, as `last#single` does."""

    source: RunRecords
    old: Reference

    @property
    def name(self) -> str:
        return self.source.name

    def tasks(self) -> list[str]:
        return self.source.tasks()

    def cells(self, task: str) -> Cells:
        cells = self.source.cells(task)
        if not _same_run(self.old.source, self.source):
            return cells
        return {stem: cell for stem, cell in cells.items() if not self._is_partner(cell)}

    def _is_partner(self, cell: Baseline | SnapshotError) -> bool:
        if isinstance(cell, SnapshotError):
            return False
        partner = find_cell(cell.key, self.old).baseline
        return partner is not None and partner.key == cell.key


def _name(old: Reference) -> str:
    """The reference in words: no path of a run's folder."""
    strategy = f", strategy {old.label}" if old.label else ""
    return f"{old.source.name}{strategy}{f', model {old.model}' if old.model else ''}"


def _same_run(old: BaselineSource, new: RunRecords) -> bool:
    return isinstance(old, RunRecords) and old.folder.resolve() == new.folder.resolve()


def _verdicts(comparison: RunComparison) -> dict[CellKey, str]:
    """Verdicts by cell; a verdict that may hide lost answers is left out."""
    return {
        cell.new.key: "underpowered" if cell.not_measured else cell.comparison.verdict
        for cell in comparison.cells
        if cell.comparison is not None
    }


def _nothing(comparison: RunComparison) -> str:
    reasons = [*comparison.faults, *(cell.fault for cell in comparison.cells if cell.fault)]
    return f"nothing could be compared: {reasons[0]}" if reasons else "it has no cell in common with the run"


def _of_gates(run: ExportedRun, best: frozenset[CellKey], rivals: int) -> Significance:
    compared = {key_of(cell): cell["comparison"] for cell in checked_cells(run) if cell.get("comparison")}
    names = {str(comparison.get("baseline", "")).partition("/")[0] for comparison in compared.values()}
    reference = "the committed snapshots" if names == {"snapshots"} else "the baseline of the run"
    return Significance(
        verdicts={key: str(comparison.get("verdict")) for key, comparison in compared.items()},
        reference=reference if compared else None,
        family=max((int(comparison.get("family") or 1) for comparison in compared.values()), default=0),
        best=best,
        rivals=rivals,
    )


def _best(source: RunRecords) -> tuple[frozenset[CellKey], int]:
    """(cells that are significantly better than every other cell of their task, number of comparisons).

    The best cell of a task is chosen by its score first, so the tests are two-sided.
    """
    pairs = [pair for task in source.tasks() for pair in _pairs_of_task(_cells(source, task))]
    compared = assign_verdicts([comparison for _, comparison in pairs])
    adjusted = holm([min(1.0, 2 * comparison.paired.p_better) for comparison in compared])
    better: dict[CellKey, list[bool]] = {}
    for (key, _), comparison, p in zip(pairs, compared, adjusted, strict=True):
        better.setdefault(key, []).append(p <= ALPHA and comparison.verdict == "improved")
    return frozenset(key for key, won in better.items() if all(won)), len(pairs)


def _cells(source: RunRecords, task: str) -> list[Baseline]:
    cells = [cell for cell in source.cells(task).values() if not isinstance(cell, SnapshotError)]
    return [cell for cell in cells if controlled(cell.key[1]) is None]


def _pairs_of_task(cells: Sequence[Baseline]) -> list[tuple[CellKey, CellComparison]]:
    """The best cell with its comparison to each other one; empty if one of them cannot be compared."""
    scores = {cell.key: _mean(cell) for cell in cells}
    scored = [cell for cell in cells if scores[cell.key] is not None]
    if len(scored) < 2:
        return []
    best = max(scored, key=lambda cell: scores[cell.key] or 0.0)
    found: list[tuple[CellKey, CellComparison]] = []
    for other in cells:
        if other.key != best.key:
            matched = match_samples(other.samples, best.samples, "hash")
            comparison = compare_cell(other.name, matched, margin=0.0, min_effect=0.05)
            if comparison is None:
                return []
            found.append((best.key, comparison))
    return found


def _mean(cell: Baseline) -> float | None:
    scores = [sample.score for sample in cell.samples.values() if sample.score is not None]
    return sum(scores) / len(scores) if scores else None
