"""Files of one JSON object a line that several processes append to, and that a crash cannot spoil."""

from __future__ import annotations

import json
import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError


class LineLog:
    """A file of lines that stays open for appending; its folder is made where it is missing.

    `shared`: other processes append to it too, so that each line takes the file's lock; without
    it there must be none, or lines are lost. A log that nobody holds any longer is closed.
    """

    def __init__(self, path: Path, *, shared: bool = True) -> None:
        self._shared = shared
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        self._close = weakref.finalize(self, os.close, self._handle)
        if not shared:
            _mend(self._handle)

    def append(self, values: Mapping[str, Any]) -> None:
        """Put one line on disk. NaN raises ValueError.

        When this returns, the death of this process cannot lose the line. Half a line that a
        killed process left at the end is cut off first, so that it spoils no whole one.
        """
        self.append_all([values])

    def append_all(self, several: Iterable[Mapping[str, Any]]) -> None:
        """Put a line for each on disk, all of them at once; what holds for `append` holds for all."""
        text = "".join(f"{_ENCODE(values)}\n" for values in several)
        # A lone surrogate from a provider becomes its JSON escape, and reads back as it was.
        line = text.encode("utf-8", "backslashreplace")
        if not self._shared:
            _write_all(self._handle, line)
            return
        _lock(self._handle, held=True)
        try:
            _mend(self._handle)
            _write_all(self._handle, line)
        finally:
            _lock(self._handle, held=False)

    def close(self) -> None:
        """Close the file; once more does nothing."""
        self._close()


_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Put one line on disk, as `LineLog.append` does."""
    log = LineLog(path)
    try:
        log.append(values)
    finally:
        log.close()


def read_lines(path: Path, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number from 1, object) of every line; half a line at the very end is left out.

    Raises UsageError with file and line for any other that is no JSON object, `what` names one.
    """
    lines = path.read_bytes().split(b"\n")  # bytes: half a line may end inside a character
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return
            raise UsageError(f"{path}:{number}: not {what}: {error}") from error
        if not isinstance(values, dict):
            raise UsageError(f"{path}:{number}: not {what}: a JSON object is needed, got {line[:60].decode()!r}")
        yield number, values


def _mend(handle: int) -> None:
    """End the last line of a file, or cut off what is only half of one."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if size:
        os.lseek(handle, size - 1, os.SEEK_SET)
        if os.read(handle, 1) == b"\n":
            return
    tail, start = b"", size
    while start > 0 and b"\n" not in tail:
        end, start = start, max(0, start - 65536)
        os.lseek(handle, start, os.SEEK_SET)
        tail = os.read(handle, end - start) + tail
        if tail.endswith(b"\n"):
            return
    half = tail[tail.rfind(b"\n") + 1 :]
    if not half:
        return
    try:
        json.loads(half)
    except ValueError:
        os.ftruncate(handle, size - len(half))
    else:
        _write_all(handle, b"\n")


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _lock(handle: int, *, held: bool) -> None:
    """Keep lines of several processes whole; where the system has no locks, one append is one write."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if held else fcntl.LOCK_UN)
