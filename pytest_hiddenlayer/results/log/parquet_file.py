"""`records.parquet`: the lines of a run's `records.jsonl`, byte by byte, and columns of what metrics need.

The column `json` holds each line without its line feed. The other columns are derived from it, so that
`COLUMNS_VERSION` changes with the code that derives them, and older files are read through `json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.json_text import decode_json

RECORDS_PARQUET = "records.parquet"
FORMAT = 1
"""Version of the file as a whole: how `json` holds the records."""
COLUMNS_VERSION = 1
"""Version of the derived columns."""
AUTOMATIC = 100_000
"""A run of more records is compacted at its end, if pyarrow is installed."""
METADATA = b"hiddenlayer.records"
"""Key of the file's metadata: JSON with `format`, `columns`, `records`, `bytes`, `sha256` and `exact`."""
JSON = "json"
_AT_ONCE = 1000  # lines decoded at once


def pyarrow_parquet() -> Any:
    """The module `pyarrow.parquet`, imported on first use. Raises UsageError if it is not installed."""
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise UsageError(
            f"{RECORDS_PARQUET} needs the package pyarrow, which is not installed: "
            "pip install 'pytest-hiddenlayer[parquet]'"
        ) from error
    return parquet


def open_parquet(path: Path) -> Any:
    """The open `ParquetFile`. Raises UsageError if it is damaged, or was not written by `hiddenlayer compact`."""
    parquet = pyarrow_parquet()
    import pyarrow

    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as Parquet: {_first_line(error)}; {_advice(path)}") from error
    facts = _facts(file)
    if facts is None or JSON not in file.schema_arrow.names:
        raise UsageError(
            f"{path}: this Parquet file holds no run: `hiddenlayer compact` did not write it; remove it, or name "
            "another folder"
        )
    if facts.get("format") != FORMAT:
        raise UsageError(
            f"{path}: it has format {facts.get('format')!r}, and this version reads format {FORMAT}; install a later "
            "pytest-hiddenlayer"
        )
    return file


def parquet_facts(path: Path) -> dict[str, Any]:
    """What the file's metadata says of it. Raises UsageError as `open_parquet` does."""
    with open_parquet(path) as file:
        return _facts(file) or {}


def parquet_lines(path: Path, start_group: int = 0) -> Iterator[bytes]:
    """Yield every line, without its line feed, in the order of the log. Raises UsageError for a damaged file."""
    with open_parquet(path) as file:
        for group in range(start_group, file.num_row_groups):
            yield from group_lines(file, group, path)


def group_lines(file: Any, group: int, path: Path) -> Iterator[bytes]:
    """Yield the lines of one row group. Raises UsageError if they cannot be read."""
    import pyarrow

    try:
        for batch in file.iter_batches(batch_size=_AT_ONCE, row_groups=[group], columns=[JSON]):
            batch.validate(full=True)
            yield from batch.column(0).to_pylist()
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: row group {group} is damaged: {_first_line(error)}; {_advice(path)}") from error


def read_columns(path: Path, names: Sequence[str]) -> Any:
    """A `pyarrow.Table` of these columns. Raises UsageError for a damaged file."""
    import pyarrow

    with open_parquet(path) as file:
        try:
            table = file.read(columns=list(names), use_threads=False)  # threads would hold several columns twice
            table.validate(full=True)
            release_memory()
            return table
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: its columns are damaged: {_first_line(error)}; {_advice(path)}") from error


def release_memory() -> None:
    """Give memory that pyarrow no longer uses back to the system."""
    import pyarrow

    pyarrow.default_memory_pool().release_unused()


def metadata_value(facts: Mapping[str, Any]) -> str:
    """The value of `METADATA`."""
    return json.dumps(dict(facts), sort_keys=True)


def _facts(file: Any) -> dict[str, Any] | None:
    written = (file.schema_arrow.metadata or {}).get(METADATA) or (file.metadata.metadata or {}).get(METADATA)
    try:
        values = decode_json(written) if written else None
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")


def _advice(path: Path) -> str:
    if path.with_name("records.jsonl").is_file():
        return "remove it: records.jsonl beside it holds the records"
    return "restore it from a backup"
