"""A run log that grows while it is read: records by row, without keeping their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...io.codecs import record_from_json
from ...types import Record

BLOCK = 4 * 1024 * 1024
"""Bytes that are read at once."""


class GrowingLog:
    """The complete lines of a log. Row i is its i-th record; a line that is not a record has no row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0  # of the last complete line that was read
        self._places: list[tuple[int, int]] = []  # position and length of each row's line
        self.faults = 0  # lines that are not records

    def __len__(self) -> int:
        return len(self._places)

    def has_grown(self) -> bool:
        """Whether there may be new lines."""
        try:
            return self._path.stat().st_size > self._end
        except OSError:
            return False

    def new_records(self) -> Iterator[Record]:
        """Yield the records that were completed since the last call."""
        try:
            log = self._path.open("rb")
        except OSError:  # no record was written yet
            return
        with log:
            log.seek(self._end)
            rest = b""
            while block := log.read(BLOCK):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    if (record := self._add(line)) is not None:
                        yield record

    def _add(self, line: bytes) -> Record | None:
        position, self._end = self._end, self._end + len(line) + 1
        if not line.strip():
            return None
        try:
            record = record_from_json(json.loads(line))
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            self.faults += 1
            return None
        self._places.append((position, len(line)))
        return record

    def lines(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the lines of these rows, as they were written. Raises OSError if the log is gone."""
        places = self._places[start:end]
        if not places:
            return
        with self._path.open("rb") as log:
            for position, length in places:
                log.seek(position)
                yield log.read(length)
