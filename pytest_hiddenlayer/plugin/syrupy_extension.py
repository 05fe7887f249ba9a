"""Snapshot files of cells, which syrupy counts.

They are written here: syrupy may write later, without the lock under which the file was read, and it turns
a full disk, or an existing file that is not text, into a failed assertion.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from ..io.atomic import write_text
from ..io.regular_files import read_text
from ..results.cell_config import CellConfig


class CellExtension(SingleFileSnapshotExtension):
    """One file per cell. Files of cells that this session did not write are left alone."""

    before: ClassVar[dict[str, str]] = {}
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

    def read_snapshot_data_from_location(self, *, snapshot_location: str, **_: Any) -> str | None:
        """The text before it was written."""
        return self.before.get(snapshot_location)

    @classmethod
    def write_snapshot_collection(cls, **_: Any) -> None:
        """Nothing: `write` has written the file."""


class _Gate:
    """The attributes of an item that syrupy needs to locate a snapshot. A SimpleNamespace is not hashable."""

    def __init__(self, cell: CellConfig, path: Path) -> None:
        self.nodeid = cell.gate_id or f"{cell.task}::gate[{cell.params}]"
        self.name = path.stem
        self.path = path
        self.stash = pytest.Stash()
        self.obj = SimpleNamespace(__module__=cell.task, __name__=path.stem)


def write(session: pytest.Session, cell: CellConfig, path: Path, text: str) -> None:
    """Write a cell's snapshot, and have syrupy count it as generated, updated or passed. Raises OSError."""
    location = PyTestLocation(_Gate(cell, path))  # type: ignore[arg-type]
    assertion = SnapshotAssertion(
        update_snapshots=True,
        update_new_snapshots_only=False,
        extension_class=CellExtension,
        test_location=location,
        session=session.config._syrupy,  # type: ignore[attr-defined]
        matcher=None,
    )
    before = _text_before(path)
    if before != text:
        write_text(path, text, sync=True)
    if before is not None:
        CellExtension.before[assertion.extension.get_location(test_location=location, index=0)] = before
    assertion.__eq__(text)


def _text_before(path: Path) -> str | None:
    """The text of a file; None if it does not exist, empty if it cannot be read."""
    try:
        return read_text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return ""


def _path(test_location: PyTestLocation) -> Path:
    return Path(test_location.item.path)
