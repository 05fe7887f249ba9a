"""Snapshot files of cells, written by syrupy."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollection, SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from ..io.atomic import write_text
from ..results.cell_config import CellConfig


class CellExtension(SingleFileSnapshotExtension):
    """One file per cell. Files of cells that this session did not write are left alone."""

    file_extension = "json"
    _write_mode = WriteMode.TEXT

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """The folder of the task's snapshots."""
        return str(_path(test_location).parent)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: Any = 0) -> str:
        """The cell's file name without its ending."""
        return _path(test_location).stem

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: Any) -> str:
        """The same name; syrupy's own would be shortened."""
        return _path(test_location).stem

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        """A cell's file belongs to its gate."""
        return Path(snapshot_location) == _path(test_location)

    def discover_snapshots(self, **_: Any) -> SnapshotCollections:
        """Nothing: a snapshot of a cell that was not collected is neither unused nor deleted."""
        return SnapshotCollections()

    def serialize(self, data: Any, **_: Any) -> str:
        """The text as it is: `results.regression.snapshot` formats it."""
        return str(data)

    @classmethod
    def write_snapshot_collection(
        cls, *, snapshot_collection: SnapshotCollection, name_order: dict[str, int] | None = None
    ) -> None:
        """Write the file in one step."""
        data = next(iter(snapshot_collection)).data
        write_text(Path(snapshot_collection.location), str(data))


class _Gate:
    """The attributes of an item that syrupy needs to locate a snapshot. A SimpleNamespace is not hashable."""

    def __init__(self, cell: CellConfig, path: Path) -> None:
        self.nodeid = cell.gate_id or f"{cell.task}::gate[{cell.params}]"
        self.name = path.stem
        self.path = path
        self.stash = pytest.Stash()
        self.obj = SimpleNamespace(__module__=cell.task, __name__=path.stem)


def write(session: pytest.Session, cell: CellConfig, path: Path, text: str) -> None:
    """Write a cell's snapshot through syrupy, which also counts it. Raises OSError if it cannot be written."""
    location = PyTestLocation(_Gate(cell, path))  # type: ignore[arg-type]
    assertion = SnapshotAssertion(
        update_snapshots=True,
        update_new_snapshots_only=False,
        extension_class=CellExtension,
        test_location=location,
        session=session.config._syrupy,  # type: ignore[attr-defined]
        matcher=None,
    )
    if assertion != text:
        faults = [execution.exception for execution in assertion.executions.values() if execution.exception]
        raise faults[-1] if faults else OSError(f"syrupy did not write {path}")


def _path(test_location: PyTestLocation) -> Path:
    return Path(test_location.item.path)
