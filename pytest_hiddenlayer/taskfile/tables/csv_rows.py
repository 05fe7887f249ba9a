"""Reads CSV and TSV files, with cells of any size."""

from __future__ import annotations

import csv
import re
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from ..paths import Source
from .row import MAX_STREAMED, Row

_MAX_CELL = 2**31 - 1  # characters; the file's size is the bound
_LIMIT = threading.Lock()  # the limit of the module `csv` is global
_LINE = re.compile(r"[^\r]*(?:\r\n?|\Z)", re.DOTALL)
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n?", re.IGNORECASE)


def csv_rows(source: Source, *, pad: bool) -> Iterator[Row]:
    """Yield the rows of a .csv or .tsv file; an empty cell is None. Raises TaskError with the line of a fault.

    A .tsv file is separated by tabs, a .csv file by the mark that its header has most of: `,`, `;`, a tab or `|`.
    With `pad`, cells that are missing at the end of a row are empty; without it such a row is a fault.
    A column without a name is ignored.
    """
    for number, (line, header, cells) in enumerate(_split(source)):
        if any(cells[len(header) :]) or (len(cells) < len(header) and not pad):
            raise source.error(f"row {number} has {len(cells)} cells, the header has {len(header)}", line=line)
        padded = cells + [""] * (len(header) - len(cells))
        yield Row(number, line, {name: cell or None for name, cell in zip(header, padded, strict=False) if name})


def _split(source: Source) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield (line, header, cells) for each row that is not blank."""
    lines = (piece for _, text in source.lines(MAX_STREAMED) for piece in _LINE.findall(text) if piece)
    first = next(lines, "")
    skipped = 0
    if declared := _SEPARATOR_LINE.fullmatch(first):  # Excel writes this line
        delimiter, first, skipped = declared[1], next(lines, ""), 1
    else:
        delimiter = "\t" if source.path.suffix.lower() == ".tsv" else _delimiter(first)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in _next(reader) or []]
        _check_header(source, header)
        while (cells := _next(reader)) is not None:
            if any(cells) or len(cells) == len(header) == 1:
                yield reader.line_num + skipped, header, cells
    except csv.Error as error:
        raise source.error(f"this is not CSV: {error}", line=reader.line_num + skipped) from error


def _delimiter(header: str) -> str:
    counts = Counter(re.sub(r'"[^"]*"', "", header))
    return max(",;\t|", key=lambda mark: counts[mark])  # the comma, if there are as many of each


def _check_header(source: Source, header: list[str]) -> None:
    counts = Counter(header)
    repeated = next((name for name in header if name and counts[name] > 1), None)
    if repeated is not None:
        raise source.error(f"column {repeated!r} appears twice; rename one", line=1)


def _next(reader: Any) -> list[str] | None:
    """Return the next row, or None at the end; other readers of this process keep their limit."""
    with _LIMIT:
        limit = csv.field_size_limit(_MAX_CELL)
        try:
            return next(reader, None)
        finally:
            csv.field_size_limit(limit)
