"""Logs of one JSON object per line. Several processes may append, and a crash damages no complete line."""

from __future__ import annotations

import json
import os
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UsageError
from .json_text import decode_finite_json
from .locks import locked
from .regular_files import open_for_appending, open_regular

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class LineLog:
    """A log that stays open for appending; creates its folder. It is closed when it is garbage collected.

    With `shared`, other processes may append too, and each append locks the file. Without it no
    other process may append, or lines are lost.
    """

    def __init__(self, path: Path, *, shared: bool = True) -> None:
        self._shared = shared
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = open_for_appending(path)
        self._close = weakref.finalize(self, os.close, self._handle)
        if not shared:
            _repair_end(self._handle)

    def append(self, values: Mapping[str, Any]) -> None:
        """Append one line. Raises ValueError for NaN.

        When this returns, the death of this process cannot lose the line. An incomplete line that
        a killed process left at the end is removed first.
        """
        self.append_all([values])

    def append_all(self, objects: Iterable[Mapping[str, Any]]) -> list[int]:
        """Append a line for each object, in one write, as `append` does; returns the byte at which each begins.

        Raises OSError if they cannot all be written; then none is.
        """
        # A lone surrogate from a provider becomes its JSON escape, and is read back unchanged.
        lines = [f"{_ENCODE(values)}\n".encode("utf-8", "backslashreplace") for values in objects]
        data = b"".join(lines)
        if not self._shared:
            start = write_whole(self._handle, data)
        else:
            with locked(self._handle):
                _repair_end(self._handle)
                start = write_whole(self._handle, data)
        return list(accumulate(map(len, lines[:-1]), initial=start)) if lines else []

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self._close()


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Append one line, as `LineLog.append` does."""
    log = LineLog(path)
    try:
        log.append(values)
    finally:
        log.close()


def raw_lines(path: Path, *, allow_incomplete: bool = True) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its end) for every line that is not blank.

    An incomplete last line, which a process that was killed while writing leaves, is omitted with
    `allow_incomplete`.
    """
    return ((number, line) for _, number, line in placed_lines(path, allow_incomplete=allow_incomplete))


def placed_lines(path: Path, *, allow_incomplete: bool = True) -> Iterator[tuple[int, int, bytes]]:
    """Yield (byte at which the line begins, number, line), as `raw_lines` does."""
    offset = 0
    with open_regular(path) as lines:  # bytes: an incomplete line may end inside a character
        for number, line in enumerate(lines, 1):
            incomplete = allow_incomplete and not line.endswith(b"\n") and not _is_json(line)
            if line.strip() and not incomplete:
                yield offset, number, line.removesuffix(b"\n")
            offset += len(line)


def ends_within_a_line(path: Path) -> bool:
    """Whether the last line is incomplete: it has no newline and is not JSON. False if the file cannot be read."""
    try:
        with open_regular(path) as file:
            file.seek(0, os.SEEK_END)
            if not file.tell():
                return False
            file.seek(-1, os.SEEK_END)
            if file.read(1) == b"\n":
                return False
            file.seek(0)
            last = deque(file, maxlen=1)
    except OSError:
        return False
    return not _is_json(last[0])


def read_lines(path: Path, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for every line; an incomplete last line is omitted.

    Raises UsageError with file and line for any other line that is not a JSON object; the message
    says that it is not `kind`, such as "a label".
    """
    for number, _, values in objects_of(path, raw_lines(path), kind):
        yield number, values


def objects_of(
    path: Path, lines: Iterable[tuple[int, bytes]], kind: str, *, advice: str = "correct the line, or remove it"
) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Yield (number, line, object) of each (number, line) of a file, with the errors of `read_lines`.

    The errors end with `advice`.
    """
    for number, line in lines:
        try:
            values = decode_finite_json(line)
        except ValueError as error:
            raise UsageError(f"{path}:{number}: not {kind}: {error}; {advice}") from error
        if not isinstance(values, dict):
            shown = line[:60].decode("utf-8", "replace")
            raise UsageError(f"{path}:{number}: not {kind}: a JSON object is needed, got {shown!r}; {advice}")
        yield number, line, values


def read_from(path: Path, start: int) -> tuple[list[dict[str, Any]], int]:
    """Return (objects of the complete lines of a growing log from byte `start` on, position after them)."""
    with open_regular(path) as log:
        log.seek(start)
        data = log.read()
    complete = data[: data.rfind(b"\n") + 1]
    return [decode_finite_json(line) for line in complete.splitlines()], start + len(complete)


def read_object_at(file: BinaryIO, offset: int) -> dict[str, Any]:
    """Return the object of the line that begins at a byte of a log. Raises UsageError if there is none."""
    file.seek(offset)
    line = file.readline()
    try:
        values = decode_finite_json(line)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise UsageError(
            f"{file.name}, byte {offset}: a JSON object is needed, got {line[:60]!r}; was the file changed?"
        )
    return values


def _is_json(line: bytes) -> bool:
    try:
        decode_finite_json(line)
    except ValueError:
        return False
    return True


def _repair_end(handle: int) -> None:
    """Remove an incomplete last line; end a last line that only lacks its line feed."""
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
    last_line = tail[tail.rfind(b"\n") + 1 :]
    if not last_line:
        return
    if _is_json(last_line):
        write_whole(handle, b"\n")
    else:
        os.ftruncate(handle, size - len(last_line))


def write_whole(handle: int, data: bytes) -> int:
    """Write all of it at the end of a file, or nothing; returns the byte at which it begins. Raises OSError."""
    size = os.lseek(handle, 0, os.SEEK_END)
    try:
        while data:
            data = data[os.write(handle, data) :]
    except OSError:  # such as a full disk, which may have taken a part
        os.ftruncate(handle, size)
        raise
    return size
