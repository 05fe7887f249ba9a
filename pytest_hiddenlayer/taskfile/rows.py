"""Reads the rows of a data file (JSONL, JSON, CSV, TSV, Parquet), each with its number and, if known, its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from ..errors import did_you_mean, shorten
from .json_source import load_json, parse_json
from .paths import MEGABYTE, Source
from .scalar import describe
from .tables.csv_rows import csv_rows
from .tables.parquet_rows import parquet_rows
from .tables.row import MAX_STREAMED, Row

MAX_WHOLE = 64 * MEGABYTE  # for a .json file, which is read as a whole


def read_rows(source: Source, path: str | None = None, *, pad: bool = False) -> Iterator[Row]:
    """Yield the rows of a data file; `path` is the path of the rows in a .json file.

    With `pad`, cells that are missing at the end of a CSV row are empty. Raises TaskError at the
    first row that cannot be read.
    """
    suffix = source.path.suffix.lower()
    if path is not None and suffix != ".json":
        raise source.error(f"`path: {path}` applies to .json files only, not to {source.path.name!r}; remove it")
    match suffix:
        case ".json":
            return _json(source, path)
        case ".jsonl":
            return _jsonl(source)
        case ".csv" | ".tsv":
            return csv_rows(source, pad=pad)
        case ".parquet":
            return parquet_rows(source)
    raise source.error(f"has the suffix {suffix!r}; use .jsonl, .json, .csv, .tsv or .parquet")


def get_path(values: Any, path: str) -> Any:
    """Return the value at a dotted path (`answer.value`, `turns.0`); a key equal to the whole path wins.

    Raises KeyError with the part that does not exist.
    """
    if isinstance(values, dict) and path in values:
        return values[path]
    head, dot, rest = path.partition(".")
    if isinstance(values, dict) and head in values:
        value = values[head]
    elif isinstance(values, list) and re.fullmatch(r"\d{1,9}", head) and int(head) < len(values):
        value = values[int(head)]
    else:
        raise KeyError(head)
    return get_path(value, rest) if dot else value


def _jsonl(source: Source) -> Iterator[Row]:
    number = 0
    for line, text in source.lines(MAX_STREAMED):
        if not text.strip():
            continue
        try:
            values = load_json(text)
        except JSONDecodeError as error:
            raise source.error(f"this is not JSON: {error.msg} (column {error.colno})", line=line) from error
        except ValueError as error:
            raise source.error(str(error), line=line) from error
        yield _row(source, number, line, values)
        number += 1


def _json(source: Source, path: str | None) -> Iterator[Row]:
    # Without lines: a path per value of a 64 MB file would need too much memory.
    data = parse_json(source.text(MAX_WHOLE), source, with_lines=False).data
    for number, values in enumerate(_list_in(source, data, path)):
        yield _row(source, number, None, values)


def _list_in(source: Source, data: Any, path: str | None) -> list[Any]:
    """Return the list at `path`, or else the whole data, or the only list of objects in the top-level object."""
    if path is not None:
        try:
            data = get_path(data, path)
        except KeyError as error:
            suggestion = did_you_mean(error.args[0], data) if isinstance(data, dict) else ""
            raise source.error(f"has nothing at `path: {path}`{suggestion}") from error
    if isinstance(data, list):
        return data
    lists = {key: value for key, value in data.items() if _is_rows(value)} if isinstance(data, dict) else {}
    if path is not None or not lists:
        where = f" at `path: {path}`" if path else ""
        keys = f" with {shorten(', '.join(data)) or 'nothing'}" if isinstance(data, dict) else ""
        raise source.error(f"must hold a list of objects{where}, got {describe(data)}{keys}")
    if len(lists) > 1:
        raise source.error(
            f"holds several lists ({', '.join(lists)}); choose one: "
            f"`samples: {{file: {source.path.name}, path: {next(iter(lists))}}}`"
        )
    return next(iter(lists.values()))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _row(source: Source, number: int, line: int | None, values: Any) -> Row:
    if not isinstance(values, dict):
        raise source.error(f"row {number} must be an object, got {describe(values)}", line=line)
    return Row(number, line, values)
