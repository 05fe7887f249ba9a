"""Records as `pyarrow` tables: one row per record, with the columns of `row.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from ...types import Record
from ..log.parquet_file import JSON
from .row import COLUMNS, Kind, row_of

ROWS = 5000  # of a table, at most
BYTES = 8 << 20  # of the lines of a table, at most, unless one line is longer

_NOTHING = tuple(None for _ in COLUMNS)


def tables(
    records: Iterable[tuple[int, bytes, Record]], *, keep_lines: bool, rows: int = ROWS
) -> Iterator[tuple[Any, bool]]:
    """Yield (table, whether its columns hold what metrics need) for the (number, line, record) of a log.

    Texts with a lone surrogate are no valid Arrow strings: they are escaped, and the table is not exact.
    """
    batch: list[tuple[Any, ...]] = []
    lines: list[bytes] = []
    exact, size = True, 0
    for _, line, record in records:
        row = _row(record)
        exact = exact and row is not _NOTHING
        batch.append(row)
        if keep_lines:
            lines.append(line)
            size += len(line)
        if len(batch) == rows or size > BYTES:
            yield _table(batch, lines, exact)
            batch, lines, exact, size = [], [], True, 0
    if batch:
        yield _table(batch, lines, exact)


def joined(parts: Sequence[Any]) -> Any:
    """One table of these tables, whose dictionaries are unified."""
    import pyarrow

    return (pyarrow.concat_tables(parts) if parts else schema(json=False).empty_table()).unify_dictionaries()


@cache
def schema(*, json: bool) -> Any:
    """The schema of the columns, with the column `json` first if it is wanted."""
    import pyarrow

    columns = [pyarrow.field(name, _type(kind)) for name, kind in COLUMNS.items()]
    return pyarrow.schema([*([pyarrow.field(JSON, pyarrow.binary())] if json else []), *columns])


def dictionary_columns() -> list[str]:
    """The columns with few different values."""
    return [name for name, kind in COLUMNS.items() if kind == "names"]


def _row(record: Record) -> tuple[Any, ...]:
    """The row; one without values for a record whose metadata is not what this package writes."""
    try:
        return row_of(record)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError):
        return _NOTHING


def _table(batch: Sequence[tuple[Any, ...]], lines: Sequence[bytes], exact: bool) -> tuple[Any, bool]:
    import pyarrow

    wanted = schema(json=bool(lines))
    arrays = [pyarrow.array(lines, pyarrow.binary())] if lines else []
    for values, (name, kind) in zip(zip(*batch, strict=True), COLUMNS.items(), strict=True):
        try:
            arrays.append(_array(values, name, kind))
        except (UnicodeEncodeError, pyarrow.ArrowException, OverflowError):
            exact = False
            arrays.append(_array([_escaped(value) for value in values], name, kind))
    return pyarrow.Table.from_arrays(arrays, schema=wanted), exact


def _array(values: Sequence[Any], name: str, kind: Kind) -> Any:
    import pyarrow

    if kind != "names":
        return pyarrow.array(values, _type(kind))
    codes = {value: code for code, value in enumerate(dict.fromkeys(value for value in values if value is not None))}
    indices = pyarrow.array([None if value is None else codes[value] for value in values], pyarrow.int32())
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(list(codes), pyarrow.string()))


def _escaped(value: Any) -> Any:
    """Text without lone surrogates; null for another value that Arrow does not take."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else None


def _type(kind: Kind) -> Any:
    import pyarrow

    types = {"text": pyarrow.string(), "int": pyarrow.int64(), "float": pyarrow.float64(), "bool": pyarrow.bool_()}
    return pyarrow.dictionary(pyarrow.int32(), pyarrow.string()) if kind == "names" else types[kind]
