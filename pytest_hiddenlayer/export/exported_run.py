"""What an export needs of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import UsageError
from ..identifiers import controlled
from ..results.metrics.cells import by_cell
from ..types import Record

CELL_FIELDS = ("task", "label", "provider", "model", "score", "n")
"""What every object of `summary.json` has."""


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
    cells = run.cells
    for number, cell in enumerate(cells):
        missing = [name for name in CELL_FIELDS if name not in cell] if isinstance(cell, Mapping) else ["an object"]
        if missing:
            raise UsageError(
                f"{run.folder / 'summary.json'}: cell {number}: {', '.join(missing)} is missing; "
                "was it written by another version? Delete the file: its cells are computed from the records then"
            )
    return cells


def without_controls(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The cells but those of control samples, which belong to a compute-matched comparison."""
    return [cell for cell in cells if controlled(str(cell["label"])) is None]


def latest_records(run: ExportedRun) -> list[list[Record]]:
    """The records of each cell; if a sample was answered twice in an epoch, only its last record."""
    return list(by_cell(run.records).values())


def key_of(cell: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(task, strategy label, provider, model slug) of an object of `summary.json`."""
    return (str(cell["task"]), str(cell["label"]), str(cell["provider"]), str(cell.get("slug") or cell["model"]))
