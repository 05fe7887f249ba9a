"""A run's samples, calls or cells as CSV, JSONL or Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias

from ..errors import UsageError
from .exported_run import ExportedRun, checked_cells
from .portable_json import encodable_text, portable_json
from .rows import CALL_COLUMNS, CELL_COLUMNS, SAMPLE_COLUMNS, call_rows, cell_rows, columns_of, sample_rows

What: TypeAlias = Literal["samples", "calls", "cells"]
WHATS: tuple[What, ...] = ("samples", "calls", "cells")
_FORMULA = re.compile("'*[\\s\ufeff\u200b]*[=+\\-@＝＋－＠]|'*[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INNER_FORMULA = re.compile(r"(?<=[;\t\r\n])(?='*[ \"]{0,4}(?:[=@＝＠]|[+\-＋－][^;\t\r\n]*[(!|]))")
"""Where a program that splits lines at semicolons or tabs, or at line ends within quotes, would find a formula."""
_NUMBERS = {"confidence", "cost_usd", "difference", "latency_s", "mean_logprob", "score", "stderr", "ci95_low"}
_NUMBERS |= {"calls", "ci95_high", "seed", "tokens_in", "tokens_out", "wall_s"}
"""Columns that hold numbers, also if every value is missing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns; a value that is missing in a row is None."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def table_of(run: ExportedRun, what: What) -> Table:
    """The run's samples, calls or cells."""
    if what == "cells":
        rows, first = cell_rows(run.run_id, checked_cells(run)), CELL_COLUMNS
    elif what == "calls":
        rows, first = call_rows(run.records), CALL_COLUMNS
    else:
        rows, first = sample_rows(run.records), SAMPLE_COLUMNS
    return Table(columns_of(rows, first), rows)


def csv_text(table: Table) -> str:
    """CSV with a header. A missing value is empty, a list or object JSON.

    What a spreadsheet would run as a formula begins with `'`, also after a semicolon, a tab or a line end.
    """
    rows = ([row.get(name) for name in table.columns] for row in table.rows)
    return "".join(csv_line(values) for values in chain([table.columns], rows))


def csv_line(values: Iterable[Any]) -> str:
    """One line of CSV, without formulas. A text with a carriage return or a line feed is quoted."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(csv_cell, values))  # its line end decides which characters need quotes
    return text.getvalue().removesuffix("\r\n") + "\n"


def jsonl_text(table: Table) -> str:
    """One JSON object per row, with every column; a missing value is null."""
    return "".join(portable_json({name: row.get(name) for name in table.columns}) + "\n" for row in table.rows)


def parquet_bytes(table: Table) -> bytes:
    """A Parquet file. Columns hold numbers, truth values or texts; lists, objects and mixed values become JSON.

    Raises UsageError if pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError(
            "--to parquet needs pyarrow, which is not installed: pip install 'pytest-hiddenlayer[parquet]'"
        ) from None
    columns = {name: _column(name, [row.get(name) for row in table.rows]) for name in table.columns}
    kinds = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "str": pa.string()}
    arrays = {encodable_text(name): pa.array(values, type=kinds[kind]) for name, (kind, values) in columns.items()}
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays), buffer)
    return buffer.getvalue()


def csv_cell(value: Any) -> Any:
    """The value as a cell: what a spreadsheet would run as a formula is quoted, unless it is a number."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = (value if isinstance(value, str) else portable_json(value)).replace("\0", "\\x00")
    if _NUMBER.fullmatch(text):
        return text
    if _FORMULA.match(text):
        text = f"'{text}"
    return _INNER_FORMULA.sub("'", text)


def _column(name: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """(type of a column, its values in that type)."""
    types = {type(value) for value in values if value is not None}
    if not types:
        return ("float" if name in _NUMBERS or name.startswith("score_") else "str"), list(values)
    if types == {bool}:
        return "bool", list(values)
    fits = all(abs(value) < 2**63 for value in values if isinstance(value, int))
    if types == {int} and fits:
        return "int", list(values)
    if types <= {int, float} and fits:
        return "float", [None if value is None else float(value) for value in values]
    return "str", [None if value is None else _text(value) for value in values]


def _text(value: Any) -> str:
    return encodable_text(value if isinstance(value, str) else portable_json(value))
