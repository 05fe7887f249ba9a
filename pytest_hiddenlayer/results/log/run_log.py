"""The run's folder on disk: `reports/runs/<run_id>/` with manifest, records and summary."""

from __future__ import annotations

import json
import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...engine.unfinished.completed_call import CompletedCall
from ...errors import UsageError, did_you_mean
from ...extensions.secret_masking import mask_arguments
from ...io.atomic import write_json
from ...io.codecs import record_from_json, record_to_json
from ...io.jsonl import LineLog, objects_of, read_from
from ...io.locks import locked
from ...io.regular_files import read_text
from ...types import Record
from .git import git_state
from .record_file import MANIFEST as MANIFEST
from .record_file import MANIFEST_SCHEMA, RECORDS, has_calls, has_records, record_lines, restore_lines
from .unfinished_calls import UnfinishedCalls

REPORTS = Path("reports")
"""Folder of runs and batches in a project's root, unless --hl-reports names another."""
RUNS = REPORTS / "runs"
METRICS = "metrics.jsonl"
"""What the tracker logs besides records."""


def new_run_id() -> str:
    """A new id: `YYYYMMDDTHHMMSSZ-` and 8 hex digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


class RunLog:
    """One run's folder, created with the first record. Other processes may append only if it is `shared`."""

    def __init__(
        self,
        root: Path,
        run_id: str,
        command: Sequence[str] = (),
        *,
        shared: bool = True,
        reports: Path | None = None,
    ) -> None:
        self._shared = shared  # xdist workers append too
        self.root, self.run_id, self.command = root, run_id, list(command)
        self.folder = (reports or root / REPORTS) / "runs" / run_id
        self.facts: dict[str, Any] = {}  # what the manifest says besides what every run has
        self.on_calls_fault: Callable[[OSError], None] = lambda error: None  # calls of cases cannot be written
        self._lines: LineLog | None = None
        self._calls = UnfinishedCalls(self.folder, lambda error: self.on_calls_fault(error))
        self._opening = threading.Lock()  # the report opens the folder on one thread, the first record on another
        self._opened = False

    def append(self, record: Record) -> None:
        """Write one record to disk; after this returns, a crash of the process cannot lose it."""
        self.append_all([record])

    def append_all(self, records: Sequence[Record]) -> list[int]:
        """Write several records to disk at once; returns the byte of the log at which each begins.

        Raises OSError if they do not all fit; then none is written.
        """
        if self._lines is None:
            self.open()
            restore_lines(self.folder)
            self._lines = LineLog(self.folder / RECORDS, shared=self._shared)
        starts = self._lines.append_all([record_to_json(record) for record in records])
        self._calls.finish(records)
        return starts

    def append_calls(self, calls: Sequence[CompletedCall]) -> None:
        """Write answered calls of cases that have no record yet; see `unfinished_calls`. Never raises OSError."""
        try:
            self.open()
        except OSError as error:
            self.on_calls_fault(error)
        else:
            self._calls.append(calls)

    def close(self) -> None:
        """Close the log; a later append opens it again."""
        self._calls.close()
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def open(self) -> None:
        """Create the folder and the manifest if they do not exist. Threads may call it at the same time."""
        with self._opening:
            if self._opened or (self.folder / MANIFEST).is_file():
                self._opened = True
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            self.write_manifest({})
            self._opened = True

    def write_manifest(self, extra: Mapping[str, Any]) -> None:
        """Write `run.json`: the manifest and `extra`."""
        write_json(self.folder / MANIFEST, {**manifest(self.root, self.run_id, self.command), **self.facts, **extra})

    def write_summary(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Write `summary.json`: one object per cell, with the metrics of the terminal's table."""
        write_json(self.folder / "summary.json", list(cells))


def manifest(root: Path, run_id: str, command: Sequence[str]) -> dict[str, Any]:
    """What is known of a run before it starts: command without secrets, versions, git commit and host."""
    return {
        "schema": MANIFEST_SCHEMA,
        "run_id": run_id,
        "started_at": datetime.now(UTC).isoformat(),
        "command": mask_arguments(command),
        "versions": {"python": platform.python_version(), **_versions()},
        "git": git_state(root),
        "host": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
    }


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a run's folder, in the order in which they were written.

    An incomplete last line (of a process killed while writing) is left out. Raises UsageError if
    the folder holds no readable log.
    """
    for _, _, record in numbered_records(folder):
        yield record


def numbered_records(folder: Path) -> Iterator[tuple[int, bytes, Record]]:
    """Yield (line number from 1, line, record) of every record, as `read_records` does."""
    path, lines = record_lines(folder)
    for number, line, values in objects_of(path, lines, "a record"):
        try:
            yield number, line, record_from_json(values)
        except (TypeError, AttributeError) as error:
            raise UsageError(f"{path}:{number}: not a record: {error}") from error


def read_whole_lines(folder: Path) -> list[Record]:
    """The records of a run while other processes append to its log; none of them writes meanwhile.

    Raises UsageError as `read_records` does, and OSError.
    """
    with (folder / RECORDS).open("rb") as log, locked(log.fileno()):
        return list(read_records(folder))


def read_new_records(folder: Path, start: int) -> tuple[list[Record], int]:
    """(the complete records of a growing log from byte `start` on, the byte to continue from)."""
    path = folder / RECORDS
    if not path.is_file():
        return [], start
    objects, end = read_from(path, start)
    return [record_from_json(values) for values in objects], end


def find_run(root: Path, name: str, *, exclude: str | None = None, reports: Path | None = None) -> Path:
    """The folder of a run by id, prefix of an id, path, or `last`; never the run `exclude`. Raises UsageError.

    A folder is a run only if it holds `run.json`. `last` is the run that started last among those
    with a record or an answered call: a session in which no item was answered may leave a folder too. Runs are looked
    up in `reports`, by default that of the root.
    """
    runs_folder = root / RUNS if reports is None else reports / "runs"
    runs = [path.parent for path in runs_folder.glob(f"*/{MANIFEST}") if path.parent.name != exclude]
    with_records = [run for run in runs if has_records(run) or has_calls(run)]
    if name == "last" and with_records:
        return max(with_records, key=_start_order)
    if name and Path(name).is_dir():
        return Path(name)
    matches = sorted(run for run in runs if run.name.startswith(name)) if name else []
    exact = [run for run in matches if run.name == name]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    if matches:
        names = ", ".join(run.name for run in matches[-3:])
        more = f" and {len(matches) - 3} more" if len(matches) > 3 else ""
        raise UsageError(f"run {name!r} is ambiguous: {names}{more}; write more of the id")
    where = RUNS if reports is None else runs_folder
    if not with_records:
        raise UsageError(f"no run {name!r} under {where}: 0 runs; make one with `pytest evals` or `hiddenlayer run`")
    hint = did_you_mean(name, ["last", *(run.name for run in runs)]) or "; `hiddenlayer runs` lists them"
    count = "1 run" if len(with_records) == 1 else f"{len(with_records):,} runs"
    raise UsageError(f"no run {name!r} under {where}: {count}{hint}")


def _start_order(run: Path) -> tuple[float, float]:
    """When a run started, by its manifest; runs that started at the same time are ordered by their last write."""
    written = (run / MANIFEST).stat().st_mtime
    try:
        started_at = json.loads(read_text(run / MANIFEST))["started_at"]
        return datetime.fromisoformat(started_at).timestamp(), written
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return written, written


def _versions() -> dict[str, str]:
    versions = {}
    for name in ("pytest-hiddenlayer", "pytest", "mlx", "mlx-lm"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
