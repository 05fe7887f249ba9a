"""A run log that grows while it is read: records by row, without keeping their texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...io.regular_files import open_regular
from ...results.log.record_file import RECORDS
from ...types import Record
from ..page.log_reader import LoggedRecord, LogReader

BLOCK = 4 * 1024 * 1024
"""Bytes that are read at once."""


class GrowingLog:
    """The complete lines of a log. Row i is its i-th record; a line that is not a record has no row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = LogReader(folder=folder)
        self._end = self._lines = 0  # bytes and lines that were read
        self._places: list[tuple[int, int, int]] = []  # position, length and line number of each row

    def __len__(self) -> int:
        return len(self._places)

    def has_grown(self) -> bool:
        """Whether there may be new lines."""
        try:
            return (self._folder / RECORDS).stat().st_size > self._end
        except OSError:
            return False

    def new_records(self) -> Iterator[Record]:
        """Yield the records that were completed since the last call."""
        try:
            log = open_regular(self._folder / RECORDS)
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
        position, self._end, self._lines = self._end, self._end + len(line) + 1, self._lines + 1
        logged = self._reader.logged(self._lines, line + b"\n") if line.strip() else None
        if logged is None:
            return None
        self._places.append((position, len(line), self._lines))
        return logged.record

    def logged(self, start: int, end: int) -> Iterator[LoggedRecord]:
        """Yield these rows as a page holds them. Raises OSError if the log is gone."""
        places, reader = self._places[start:end], LogReader(folder=self._folder)  # not the one that counts faults
        if not places:
            return
        with open_regular(self._folder / RECORDS) as log:
            for position, length, number in places:
                log.seek(position)
                if (logged := reader.logged(number, log.read(length) + b"\n")) is None:
                    raise OSError("the log was changed")
                yield logged

    def notices(self) -> list[dict[str, str]]:
        """What is wrong with the lines that were read; that nothing was read yet is no fault."""
        return self._reader.notices() if self._places else []
