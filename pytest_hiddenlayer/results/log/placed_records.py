"""Records with their place in a run's log, so that each can be read again by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import UsageError
from ...io.codecs import record_from_json
from ...io.jsonl import objects_of, placed_lines, read_object_at
from ...types import Record


def placed_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Yield (the byte at which its line begins, record) of a `records.jsonl`.

    An incomplete last line is left out. Raises UsageError for a line that is not a record.
    """
    for offset, number, line in placed_lines(path):
        for _, _, values in objects_of(path, [(number, line)], "a record"):
            try:
                yield offset, record_from_json(values)
            except (TypeError, AttributeError) as error:
                raise UsageError(f"{path}:{number}: not a record: {error}") from error


def record_at(file: BinaryIO, offset: int) -> Record:
    """The record whose line begins at a byte of a log. Raises UsageError if there is none."""
    try:
        return record_from_json(read_object_at(file, offset))
    except (TypeError, AttributeError) as error:
        raise UsageError(f"{file.name}, byte {offset}: not a record: {error}; was the file changed?") from error
