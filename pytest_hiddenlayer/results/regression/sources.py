"""Sources of baselines: a folder of snapshots, one snapshot, a git commit, or a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from ...errors import SnapshotError
from ...io.links import leads_outside
from ..log.git import git_output
from ..log.parquet_file import release_memory
from ..log.record_file import has_many_records
from ..log.run_log import read_records
from ..metrics.cells import by_cell, compute_metrics, config_from_records
from ..metrics.run_metrics import cell_settings
from .baseline import Baseline, CellKey
from .measured_cell import measured_cell
from .snapshot import FOLDER, snapshot_stem, task_folder
from .snapshot_reader import baseline_from_snapshot, parse_snapshot, read_snapshot

Cells: TypeAlias = dict[str, Baseline | SnapshotError]
"""File stem of a cell → the cell, or the error of a malformed snapshot."""


class BaselineSource(Protocol):
    """The cells that a reference names."""

    @property
    def name(self) -> str:
        """The name in messages."""
        ...

    def tasks(self) -> list[str]:
        """The tasks of its cells, sorted."""
        ...

    def cells(self, task: str) -> Cells:
        """The cells of a task; empty if it has none."""
        ...


@dataclass(frozen=True, slots=True)
class SnapshotDir:
    """`snapshots/` or a copy of it: one folder per task, one file per cell."""

    folder: Path
    name: str
    root: Path  # of the project: below it, no link out of it is followed

    def tasks(self) -> list[str]:
        """The names of the folders with a JSON file."""
        return sorted({path.parent.name for path in self.folder.glob("*/*.json")})

    def cells(self, task: str) -> Cells:
        """The files of a task's folder."""
        files = sorted((self.folder / task_folder(task)).glob("*.json"))
        return {path.stem: self._cell(path, task) for path in files}

    def _cell(self, path: Path, task: str) -> Baseline | SnapshotError:
        name = f"{self.name}/{task}/{path.name}"
        if leads_outside(path, self.root):
            return SnapshotError(
                f"{name}: a symbolic link leads out of the project, and is not followed; replace it by the file, "
                "or name the folder that it leads to as the baseline"
            )
        try:
            return baseline_from_snapshot(read_snapshot(path, name), name, path.stem)
        except SnapshotError as error:
            return error


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One snapshot file. Its methods raise SnapshotError if it is malformed."""

    path: Path
    name: str

    def tasks(self) -> list[str]:
        """Its only task."""
        return [self._read().key[0]]

    def cells(self, task: str) -> Cells:
        """The file's cell, if it is of this task."""
        cell = self._read()
        return {self.path.stem: cell} if cell.key[0] == task else {}

    def _read(self) -> Baseline:
        return baseline_from_snapshot(read_snapshot(self.path, self.name), self.name, self.path.stem)


@dataclass(frozen=True, slots=True)
class GitSnapshots:
    """`snapshots/` at a git commit."""

    root: Path
    ref: str

    @property
    def name(self) -> str:
        """`git` and the ref."""
        return f"git {self.ref}"

    def tasks(self) -> list[str]:
        """The folders below snapshots/ at that commit."""
        return sorted({Path(path).parent.name for path in self._files(f"{FOLDER}/")})

    def cells(self, task: str) -> Cells:
        """The files of a task's folder at that commit."""
        return {Path(path).stem: self._cell(path) for path in self._files(f"{FOLDER}/{task_folder(task)}/")}

    def _cell(self, path: str) -> Baseline | SnapshotError:
        name = f"{self.ref}:{path}"
        try:
            text = git_output(self.root, "show", f"{self.ref}:./{path}")
            return baseline_from_snapshot(parse_snapshot(text, name), name, Path(path).stem)
        except SnapshotError as error:
            return error

    def _files(self, folder: str) -> Iterator[str]:
        listing = git_output(self.root, "ls-tree", "-r", "-z", "--name-only", self.ref, "--", folder)
        return (path for path in listing.split("\0") if path.endswith(".json"))


@dataclass(frozen=True, slots=True)
class RunRecords:
    """The records of a run."""

    folder: Path
    cells_of: Mapping[str, Cells]  # task → its cells

    @classmethod
    def read(cls, folder: Path) -> RunRecords:
        """The run in `folder`. Raises UsageError if it holds no readable log."""
        settings = cell_settings(folder)
        cells_of: dict[str, Cells] = {}
        for key, baseline in _measured(folder, settings):
            cells_of.setdefault(key[0], {})[snapshot_stem(*key)] = replace(
                baseline, scorer=settings.get(key, {}).get("scorer"), run_id=folder.name
            )
        return cls(folder, cells_of)

    @property
    def name(self) -> str:
        """The run's id."""
        return f"run {self.folder.name}"

    def tasks(self) -> list[str]:
        """The tasks of its records, sorted."""
        return sorted(self.cells_of)

    def cells(self, task: str) -> Cells:
        """The cells of a task."""
        return dict(self.cells_of.get(task, {}))


def _measured(
    folder: Path, settings: Mapping[tuple[str, ...], Mapping[str, Any]]
) -> Iterator[tuple[CellKey, Baseline]]:
    """Yield (key, cell) of every cell of a run, from columns if it has many records."""
    if has_many_records(folder):
        from ..columns.cell_metrics import COMPARED, column_baselines  # with numpy
        from ..columns.run_columns import columns_of

        if (columns := columns_of(folder, COMPARED)) is not None:
            for baseline in column_baselines(columns):
                yield baseline.key, baseline
            del columns
            release_memory()
            return
    for key, records in by_cell(read_records(folder)).items():
        cell = compute_metrics(config_from_records(records, settings.get(key, {})), records)
        yield key, measured_cell(f"run {folder.name}", cell, records)
