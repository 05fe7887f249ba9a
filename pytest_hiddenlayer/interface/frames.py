"""Runs as pandas frames. pandas is an extra: `pip install 'pytest-hiddenlayer[frames]'`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..export.portable_json import encodable_text
from ..export.rows import CALL_COLUMNS, SAMPLE_COLUMNS, call_rows, cell_rows, columns_of, sample_rows
from ..types import Record

if TYPE_CHECKING:
    import pandas as pd


def frame(rows: Sequence[Mapping[str, Any]], columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the rows as a DataFrame. Raises UsageError if pandas is not installed."""
    try:
        import pandas as pd
    except ImportError:
        raise UsageError(
            "a DataFrame needs pandas, which is not installed: pip install 'pytest-hiddenlayer[frames]'"
        ) from None
    plain = [{_encodable(name): _encodable(value) for name, value in row.items()} for row in rows]
    return pd.DataFrame(plain, columns=None if columns is None else [_encodable(name) for name in columns])


def _encodable(value: Any) -> Any:
    """The value; lone surrogates of a text, which pandas refuses, become escapes."""
    return encodable_text(value) if isinstance(value, str) else value


def samples_df(records: Sequence[Record]) -> pd.DataFrame:
    """One row per record, with the columns of SAMPLE_COLUMNS, then scorers and metadata."""
    rows = sample_rows(records)
    return frame(rows, columns_of(rows, SAMPLE_COLUMNS))


def calls_df(records: Sequence[Record]) -> pd.DataFrame:
    """One row per call of every record, with the columns of CALL_COLUMNS."""
    return frame(call_rows(records), CALL_COLUMNS)


def cells_df(run_id: str, cells: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per cell: score with interval, counts, tokens, cost, gate, and the verdict against the baseline."""
    return frame(cell_rows(run_id, cells))
