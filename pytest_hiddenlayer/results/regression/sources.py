"""Sources of cells to compare with: a folder of snapshots, one snapshot, a git commit, a run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from ...errors import SnapshotError, UsageError
from ..log.run_log import git_output, read_records
from ..metrics.cells import by_cell, compute_metrics, config_from_records
from .baseline import Baseline, BaselineSample
from .snapshot import FOLDER, baseline_of, parse_snapshot, read_snapshot, stem

Cells: TypeAlias = dict[str, Baseline | SnapshotError]
"""File stem of a cell → the cell, or why it cannot be trusted."""


class BaselineSource(Protocol):
    """A reference, opened."""

    @property
    def name(self) -> str:
        """As people shall read it."""
        ...

    def tasks(self) -> list[str]:
        """The tasks that it holds cells of, sorted."""
        ...

    def cells(self, task: str) -> Cells:
        """The cells of a task; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class SnapshotDir:
    """`snapshots/` or a copy of it: one folder a task, one file a cell."""

    folder: Path
    name: str

    def tasks(self) -> list[str]:
        """The folders that hold a JSON file."""
        return sorted({path.parent.name for path in self.folder.glob("*/*.json")})

    def cells(self, task: str) -> Cells:
        """The files of a task's folder."""
        files = sorted((self.folder / task).glob("*.json"))
        return {path.stem: self._cell(path, task) for path in files}

    def _cell(self, path: Path, task: str) -> Baseline | SnapshotError:
        shown = f"{self.name}/{task}/{path.name}"
        try:
            return baseline_of(read_snapshot(path, shown), shown, path.stem)
        except SnapshotError as error:
            return error


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One snapshot file. Raises SnapshotError when it cannot be trusted."""

    path: Path
    name: str

    def tasks(self) -> list[str]:
        """Its only task."""
        return [self._read().key[0]]

    def cells(self, task: str) -> Cells:
        """Itself, where it is the task's."""
        found = self._read()
        return {self.path.stem: found} if found.key[0] == task else {}

    def _read(self) -> Baseline:
        return baseline_of(read_snapshot(self.path, self.name), self.name, self.path.stem)


@dataclass(frozen=True, slots=True)
class GitSnapshots:
    """`snapshots/` as it was committed."""

    root: Path
    ref: str

    @property
    def name(self) -> str:
        """As in `git show`."""
        return f"git {self.ref}"

    def tasks(self) -> list[str]:
        """The folders below snapshots/ at that commit."""
        return sorted({Path(path).parent.name for path in self._files(f"{FOLDER}/")})

    def cells(self, task: str) -> Cells:
        """The files of a task's folder at that commit."""
        return {Path(path).stem: self._cell(path) for path in self._files(f"{FOLDER}/{task}/")}

    def _cell(self, path: str) -> Baseline | SnapshotError:
        shown = f"{self.ref}:{path}"
        try:
            text = git_output(self.root, "show", f"{self.ref}:./{path}")
            return baseline_of(parse_snapshot(text, shown), shown, Path(path).stem)
        except SnapshotError as error:
            return error

    def _files(self, below: str) -> Iterator[str]:
        listed = git_output(self.root, "ls-tree", "-r", "-z", "--name-only", self.ref, "--", below)
        return (path for path in listed.split("\0") if path.endswith(".json"))


@dataclass(frozen=True, slots=True)
class RunRecords:
    """The records of a run."""

    folder: Path
    cells_of: Mapping[str, Cells]  # task → its cells

    @classmethod
    def read(cls, folder: Path) -> RunRecords:
        """The run in `folder`. Raises UsageError where it holds no readable log."""
        versions = _scorers(folder)
        found: dict[str, Cells] = {}
        for key, records in by_cell(read_records(folder)).items():
            cell = compute_metrics(config_from_records(records), records)
            outputs = {record.sample_id: record.output for record in reversed(records)}
            samples = {
                name: BaselineSample(
                    score=s.score,
                    outcome=s.outcome,
                    answer=s.answer,
                    hash=s.hash,
                    group=s.group,
                    output=outputs[name],
                )
                for name, s in cell.samples.items()
            }
            found.setdefault(key[0], {})[stem(*key)] = Baseline(
                name=f"run {folder.name}",
                scorer=versions.get(key),
                samples=samples,
                key=key,
                model=cell.plan.model,
                epochs=cell.plan.epochs,
                usage=cell.to_json()["usage"],
                cost_usd=cell.cost_usd,
            )
        return cls(folder, found)

    @property
    def name(self) -> str:
        """The run's id."""
        return f"run {self.folder.name}"

    def tasks(self) -> list[str]:
        """The tasks that it has records of."""
        return sorted(self.cells_of)

    def cells(self, task: str) -> Cells:
        """The cells of a task."""
        return dict(self.cells_of.get(task, {}))


def git_commit(root: Path, ref: str) -> str | None:
    """The commit that `ref` names in the checkout around `root`; None where it names none."""
    if ref.startswith("-"):
        return None
    try:
        return git_output(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def _scorers(folder: Path) -> dict[tuple[str, ...], str]:
    """Cell → headline scorer with its version, as the run's summary has it; empty where the run was interrupted."""
    path = folder / "summary.json"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))
        return {(c["task"], c["label"], c["provider"], c["slug"]): c["scorer"] for c in cells if "slug" in c}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: not a summary: {error}") from error
