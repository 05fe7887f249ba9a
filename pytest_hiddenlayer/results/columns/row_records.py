"""Single records of a large run, by their position in its log, without reading the others."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.codecs import record_from_json
from ...io.json_text import decode_finite_json
from ...types import Record
from ..log.parquet_file import RECORDS_PARQUET, group_lines, open_parquet


class RowRecords:
    """The records of `records.parquet` or `records.jsonl` by position. Holds the lines of one row group at most."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source: _ParquetLines | _JsonLines = (
            _ParquetLines(path) if path.name == RECORDS_PARQUET else _JsonLines(path)
        )

    def __getitem__(self, row: int) -> Record:
        line = self._source.line(row)
        try:
            return record_from_json(decode_finite_json(line))
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"{self.path}:{row + 1}: not a record: {error}") from error

    def each(self, rows: Iterable[int]) -> Iterator[Record]:
        """Yield the records of these rows."""
        return (self[int(row)] for row in rows)


class _ParquetLines:
    def __init__(self, path: Path) -> None:
        self._path, self._file = path, open_parquet(path)
        metadata = self._file.metadata
        self._starts = array("q", [0])
        for group in range(metadata.num_row_groups):
            self._starts.append(self._starts[-1] + metadata.row_group(group).num_rows)
        self._group, self._lines = -1, list[bytes]()

    def line(self, row: int) -> bytes:
        from bisect import bisect_right

        group = bisect_right(self._starts, row) - 1
        if group != self._group:
            self._lines = list(group_lines(self._file, group, self._path))
            self._group = group
        return self._lines[row - self._starts[group]]


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file: Any = path.open("rb")
        self._starts = array("q")
        start = 0
        for line in self._file:
            if not line.isspace():
                self._starts.append(start)
            start += len(line)

    def line(self, row: int) -> bytes:
        self._file.seek(self._starts[row])
        line: bytes = self._file.readline()
        return line

    def __del__(self) -> None:
        self._file.close()
