"""`calls/` in a run's folder: answered calls of cases without a record, so that a killed run loses none of them.

Each process of a run writes a file of its own. A file is rewritten when most of it belongs to cases that have a
record by now, so that it stays as small as what is unfinished, and removed when nothing is.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ...engine.unfinished.completed_call import CompletedCall
from ...errors import UsageError
from ...io.atomic import replacing
from ...io.jsonl import objects_of, raw_lines
from ...types import Record
from .record_file import CALLS

SKIPPED = "skipped"
"""The outcome of a case that the budget ended: its calls are kept, for a run with more."""
REWRITE_BYTES = 1 << 20
"""A smaller file is not rewritten."""
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_Case = tuple[str, str]


class UnfinishedCalls:
    """The file of one process, for any thread. It does not exist before the first call is written."""

    def __init__(self, folder: Path, on_fault: Callable[[OSError], None] = lambda error: None) -> None:
        """`folder` is that of the run; `on_fault` receives the disk's first error. Nothing is written after it."""
        self._path = folder / CALLS / f"{secrets.token_hex(8)}.jsonl"
        self._on_fault = on_fault
        self._lines: dict[_Case, list[bytes]] = {}  # of cases without a record
        self._kept_bytes = self._file_bytes = 0
        self._handle: int | None = None
        self._broken = False
        self._changing = threading.Lock()

    def append(self, calls: Iterable[CompletedCall]) -> None:
        """Write calls to disk; when this returns, the death of this process cannot lose them."""
        lines = [(call.case, line) for call in calls if (line := _line(call)) is not None]
        with self._changing:
            if not lines or self._broken:
                return
            try:
                self._add(lines)
            except OSError as error:
                self._broken = True
                self._on_fault(error)

    def finish(self, records: Iterable[Record]) -> None:
        """Forget the calls of cases whose records are on disk, unless the budget ended them."""
        if not self._lines:
            return
        with self._changing:
            for record in records:
                if record.outcome == SKIPPED:
                    continue
                lines = self._lines.pop((record.key, record.started_at), ())
                self._kept_bytes -= sum(map(len, lines))

    def close(self) -> None:
        """Close the file, and remove it if it holds only calls of cases that have a record."""
        if self._handle is None:
            return
        os.close(self._handle)
        self._handle = None
        if not self._lines:
            self._file_bytes = 0
            with suppress(OSError):
                self._path.unlink()
                self._path.parent.rmdir()

    def _add(self, lines: Sequence[tuple[_Case, bytes]]) -> None:
        for case, line in lines:
            self._lines.setdefault(case, []).append(line)
            self._kept_bytes += len(line)
        if self._file_bytes > REWRITE_BYTES and self._file_bytes > 2 * self._kept_bytes:
            self._rewrite()
        else:
            self._write(b"".join(line for _, line in lines))

    def _write(self, data: bytes) -> None:
        if self._handle is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, _FLAGS, 0o644)
        start = os.fstat(self._handle).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(self._handle, data[written:])
        except OSError:
            os.ftruncate(self._handle, start)
            raise
        self._file_bytes = start + written

    def _rewrite(self) -> None:
        data = b"".join(line for lines in self._lines.values() for line in lines)
        with replacing(self._path) as file:
            file.write(data)
        if self._handle is not None:
            os.close(self._handle)
        self._handle = os.open(self._path, _FLAGS, 0o644)
        self._file_bytes = len(data)


def _line(call: CompletedCall) -> bytes | None:
    """The call as a line; None if a user's provider returned values that JSON does not have."""
    try:
        return f"{_ENCODE(call.to_json())}\n".encode("utf-8", "backslashreplace")
    except (TypeError, ValueError, RecursionError):
        return None


def remove_calls(folder: Path) -> None:
    """Remove what is there of unfinished cases: the run has ended, and every case has a record."""
    for path in files_of_calls(folder):
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):
        (folder / CALLS).rmdir()


def unfinished_calls(folder: Path) -> Iterator[CompletedCall]:
    """Yield the calls in a run's folder, of finished cases too, in the order of each process.

    A line that a kill cut off is left out. Raises UsageError for a file that cannot be read.
    """
    for path in files_of_calls(folder):
        try:
            yield from _calls_of(path)
        except OSError as error:
            raise UsageError(f"{path}: calls of the run cannot be read: {error.strerror}; {_ADVICE}") from error


_ADVICE = "to ask for them again, remove this file"


def _calls_of(path: Path) -> Iterator[CompletedCall]:
    for number, _, values in objects_of(path, raw_lines(path), "an answered call", advice=_ADVICE):
        try:
            yield CompletedCall.from_json(values)
        except TypeError as error:
            raise UsageError(f"{path}:{number}: not an answered call: {error}; {_ADVICE}") from error


def files_of_calls(folder: Path) -> Sequence[Path]:
    """The files, without links: a run's folder may be somebody else's."""
    if (folder / CALLS).is_symlink():
        return []
    return sorted(path for path in (folder / CALLS).glob("*.jsonl") if path.is_file() and not path.is_symlink())
