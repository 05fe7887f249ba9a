"""The run's folder on disk: `reports/runs/<run_id>/` with manifest, records and summary."""

from __future__ import annotations

import os
import platform
import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...errors import UsageError, did_you_mean
from ...io.atomic import write_json
from ...io.codecs import record_from_json
from ...io.jsonl import LineLog, read_from, read_lines
from ...types import Record

RUNS = Path("reports") / "runs"


def new_run_id() -> str:
    """`YYYYMMDDTHHMMSSZ-` and 8 hex digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


class RunLog:
    """One run's folder. Nothing is created before the first record; no other process may append unless `shared`."""

    def __init__(self, root: Path, run_id: str, command: Sequence[str] = (), *, shared: bool = True) -> None:
        self._shared = shared  # workers of xdist append too
        self.root, self.run_id, self.command = root, run_id, list(command)
        self.folder = root / RUNS / run_id
        self._lines: LineLog | None = None

    def append(self, record: Record) -> None:
        """Put one line on disk; when this returns, the death of this process cannot lose it."""
        self.append_all([record])

    def append_all(self, records: Sequence[Record]) -> None:
        """Put a line for each on disk, all of them at once."""
        if self._lines is None:
            self.open()
            self._lines = LineLog(self.folder / "records.jsonl", shared=self._shared)
        self._lines.append_all([record.to_json() for record in records])

    def close(self) -> None:
        """Close the log; another append opens it again."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def open(self) -> None:
        """Create the folder and the manifest, once."""
        if self.folder.is_dir():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_manifest({})

    def write_manifest(self, more: Mapping[str, Any]) -> None:
        """Write `run.json`: what was run, where, with which versions, and `more`."""
        write_json(self.folder / "run.json", {**manifest(self.root, self.run_id, self.command), **more})

    def write_summary(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Write `summary.json`: one object a cell with the figures of the terminal's table."""
        write_json(self.folder / "summary.json", list(cells))


def manifest(root: Path, run_id: str, command: Sequence[str]) -> dict[str, Any]:
    """What can be told of a run before it begins."""
    return {
        "schema": 1,
        "run_id": run_id,
        "started_at": datetime.now(UTC).isoformat(),
        "command": list(command),
        "versions": {"python": platform.python_version(), **_versions()},
        "git": git_state(root),
        "host": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
    }


def git_state(root: Path) -> dict[str, Any] | None:
    """{commit, dirty} of the checkout around `root`; None where there is none."""
    try:
        commit = git_output(root, "rev-parse", "HEAD").strip()
        changed = git_output(root, "status", "--porcelain", "--untracked-files=no")
        return {"commit": commit, "dirty": bool(changed.strip())}
    except (OSError, subprocess.SubprocessError):
        return None


def git_output(root: Path, *words: str) -> str:
    """What `git WORDS` prints in `root`. Raises OSError without git, subprocess.SubprocessError where it fails."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a run's folder, in the order in which they were written.

    A half line at the very end (a process that was killed while writing) is left out. Raises
    UsageError where the folder holds no readable log.
    """
    path = folder / "records.jsonl"
    if not path.is_file():
        raise UsageError(f"{folder}: no records.jsonl in this run; was it interrupted before its first answer?")
    for number, values in read_lines(path, "a record"):
        try:
            yield record_from_json(values)
        except (TypeError, AttributeError) as error:
            raise UsageError(f"{path}:{number}: not a record: {error}") from error


def read_on(folder: Path, start: int) -> tuple[list[Record], int]:
    """The whole records of a growing log from byte `start` on, and the byte to go on from; none before the first."""
    path = folder / "records.jsonl"
    if not path.is_file():
        return [], start
    objects, end = read_from(path, start)
    return [record_from_json(values) for values in objects], end


def find_run(root: Path, name: str, *, but: str | None = None) -> Path:
    """The folder of a run by id, by a beginning of it, by path, or `last`; never the run `but`. Raises UsageError."""
    runs = sorted((p for p in (root / RUNS).glob("*") if p.is_dir() and p.name != but), key=_began)
    if name == "last" and runs:
        return runs[-1]
    if name and Path(name).is_dir():
        return Path(name)
    found = [run for run in runs if run.name.startswith(name)] if name else []
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"run {name!r} could be {', '.join(run.name for run in found)}: write more of it")
    where = f"{RUNS}: {len(runs)} run(s){did_you_mean(name, [run.name for run in runs])}"
    raise UsageError(f"no run {name!r} under {where}")


def _began(run: Path) -> tuple[str, float]:
    """When a run began; of two in one second the one that wrote last is the later."""
    return run.name.partition("-")[0], run.stat().st_mtime


def _versions() -> dict[str, str]:
    found = {}
    for name in ("pytest-hiddenlayer", "pytest", "mlx", "mlx-lm"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
