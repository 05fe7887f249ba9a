"""Reads Parquet files with pyarrow, which is imported on first use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..paths import Source
from ..scalar import Scalar
from .row import MAX_STREAMED, Row

MAX_ROWS = 10_000_000
MAX_TEXT = MAX_STREAMED  # characters of all rows; a small file may hold much more than its size
_BATCH = 64  # rows read at once


def parquet_rows(source: Source) -> Iterator[Row]:
    """Yield the rows of a .parquet file; NaN is None. Raises TaskError for a broken or too large file."""
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise source.error(
            'needs the package pyarrow: pip install "pytest-hiddenlayer[parquet]", or save the file as JSONL'
        ) from error
    with source.open(MAX_STREAMED) as file:
        try:
            table = parquet.ParquetFile(file)
            _check(source, table)
            number = size = 0
            for batch in table.iter_batches(batch_size=_BATCH):
                batch.validate(full=True)
                size += batch.nbytes
                if size > MAX_TEXT:
                    raise source.error(f"holds more than {MAX_TEXT} bytes of values; split the file")
                for values in batch.to_pylist():
                    yield Row(number, None, {name: _plain(source, number, value) for name, value in values.items()})
                    number += 1
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of a column's name
            reason = str(error).partition("\n")[0].rstrip(".")
            raise source.error(f"this is not Parquet: {reason}; write or copy the file again") from error


def _check(source: Source, table: Any) -> None:
    names = table.schema_arrow.names
    counts = Counter(names)
    repeated = next((name for name in names if counts[name] > 1), None)
    if repeated is not None:
        raise source.error(f"column {repeated!r} appears twice; rename one")
    if table.metadata.num_rows > MAX_ROWS:
        raise source.error(f"has {table.metadata.num_rows} rows, the limit is {MAX_ROWS}; split the file")


def _plain(source: Source, number: int, value: Any) -> Any:
    """Return a value as JSON would have it: numbers as `Scalar`, dates and decimals as text."""
    if isinstance(value, dict):
        return {str(key): _plain(source, number, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(source, number, item) for item in value]
    if value is None or isinstance(value, str | bool) or (isinstance(value, float) and math.isnan(value)):
        return value if isinstance(value, str | bool) else None
    if isinstance(value, int | float):
        return Scalar(repr(value))
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise source.error(f"row {number} holds binary data; only text and numbers are read") from None
    return str(value)
