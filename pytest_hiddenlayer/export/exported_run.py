"""What an export needs of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import UsageError
from ..identifiers import controlled
from ..results.metrics.cells import by_cell
from ..types import SCORING_CALLS, Record

CELL_FIELDS = ("task", "label", "provider", "model", "score", "n")
"""What every object of `summary.json` has."""
_NUMBERS = ("score", "stderr", "n", "n_selected", "epochs", "cost_usd", "wall_s")
_OBJECTS = ("usage", "scorers", "comparison", "outcomes")


class ExportedRun(Protocol):
    """A finished or interrupted run on disk."""

    @property
    def folder(self) -> Path: ...
    @property
    def run_id(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def records(self) -> list[Record]: ...
    @property
    def cells(self) -> list[Mapping[str, Any]]: ...
    @property
    def metrics(self) -> list[Mapping[str, Any]]: ...


def checked_cells(run: ExportedRun) -> list[Mapping[str, Any]]:
    """The run's cells. Raises UsageError if its summary is of another version or was edited."""
    return check_cells(run.cells, run.folder / "summary.json")


def check_cells(cells: list[Any], path: Path) -> list[Mapping[str, Any]]:
    """The objects of a summary. Raises UsageError if they are of another version or were edited."""
    for number, cell in enumerate(cells):
        fault = _fault(cell)
        if fault:
            raise UsageError(
                f"{path}: cell {number}: {fault}; was it edited, or written by "
                "another version? Delete the file: its cells are computed from the records then"
            )
    return cells


def _fault(cell: Any) -> str | None:
    """What is wrong with an object of `summary.json`; None if nothing is."""
    if not isinstance(cell, Mapping):
        return "it is not an object"
    missing = [name for name in CELL_FIELDS if name not in cell]
    if missing:
        return f"{', '.join(missing)} is missing"
    wrong = [name for name in _NUMBERS if not isinstance(cell.get(name), int | float | None)]
    wrong += [name for name in _OBJECTS if not isinstance(cell.get(name), Mapping | None)]
    wrong += [] if _is_interval(cell.get("ci95")) else ["ci95"]
    wrong += (
        [] if all(isinstance(scorer, Mapping) for scorer in (cell.get("scorers") or {}).values()) else ["scorers"]
    )
    return f"{wrong[0]} cannot be {cell[wrong[0]]!r:.60}" if wrong else None


def _is_interval(value: Any) -> bool:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    return value is None or (is_pair and all(isinstance(end, int | float) for end in value))


def section(run: ExportedRun, name: str) -> Mapping[str, Any]:
    """An object of the manifest, such as `git` or `versions`; empty if it has none."""
    value = run.manifest.get(name)
    return value if isinstance(value, Mapping) else {}


def n_scoring_calls(record: Record) -> int:
    """How many calls at the end of the transcript the scorers made."""
    n = record.answer_metadata.get(SCORING_CALLS)
    return n if isinstance(n, int) else 0


def without_controls(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The cells but those of control samples, which belong to a compute-matched comparison."""
    return [cell for cell in cells if controlled(str(cell["label"])) is None]


def latest_records(run: ExportedRun) -> list[list[Record]]:
    """The records of each cell; if a sample was answered twice in an epoch, only its last record."""
    return list(by_cell(run.records).values())


def key_of(cell: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(task, strategy label, provider, model slug) of an object of `summary.json`."""
    return (str(cell["task"]), str(cell["label"]), str(cell["provider"]), str(cell.get("slug") or cell["model"]))
