"""A run as columns: which source they are read from, and the rows of each cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UsageError
from ..log.parquet_file import COLUMNS_VERSION, parquet_facts, read_columns
from ..log.record_file import LARGE, RECORDS, check_manifest, current_parquet
from ..log.run_log import numbered_records
from ..regression.baseline import CellKey
from .row import CELL, COLUMNS
from .row_records import RowRecords
from .tables import joined, schema, tables

_ROWS = 50_000  # of a table in memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """A column of few texts: `codes` has each row's position in `values`, -1 for null."""

    codes: Any  # int32
    values: tuple[str, ...]

    def take(self, rows: Any) -> Names:
        """The column of these rows."""
        return Names(codes=self.codes[rows], values=self.values)

    def used(self) -> list[str]:
        """The values in order of first appearance, without null."""
        codes, first = np.unique(self.codes, return_index=True)
        return [self.values[codes[i]] for i in np.argsort(first) if codes[i] >= 0]


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRows:
    """The rows of one cell in the log."""

    key: CellKey
    rows: Any  # of each item's last answer, in order of the items' first answers, as `by_cell` has them
    every: Any  # all rows, in the order of the log
    replaced: Any  # rows of answers that were made again later
    ids: Any  # pyarrow array: the samples, in order of their first answers
    position: Any  # of the sample of each of `rows`, among `ids`


@dataclass(frozen=True, kw_only=True, slots=True)
class RunColumns:
    """The columns of a run."""

    folder: Path
    table: Any  # pyarrow.Table
    records: RowRecords
    _names: dict[str, Names] = field(default_factory=dict)

    def only(self, names: Sequence[str]) -> RunColumns:
        """The run with these columns alone, so that the memory of the others can be released."""
        return RunColumns(folder=self.folder, table=self.table.select(list(names)), records=self.records)

    @property
    def n(self) -> int:
        """The number of records."""
        n: int = self.table.num_rows
        return n

    def names(self, name: str) -> Names:
        """A column of kind `names`."""
        if name not in self._names:
            self._names[name] = self._converted(name)
        return self._names[name]

    def _converted(self, name: str) -> Names:
        column = self.table.column(name).combine_chunks()
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return Names(codes=codes, values=tuple(column.dictionary.to_pylist()))

    def numbers(self, name: str) -> Any:
        """A column of kind `float` or `bool` as numpy array, NaN for null; of kind `int` only if it has no null."""
        return self.table.column(name).to_numpy()

    def value(self, name: str, row: int) -> Any:
        """The value of one row; None for null."""
        return self.table.column(name)[row].as_py()

    def array(self, name: str) -> Any:
        """A column as pyarrow.Array."""
        return self.table.column(name).combine_chunks()

    def cells(self) -> Iterator[CellRows]:
        """The cells, in order of first appearance."""
        import pyarrow.compute as pc

        parts = [self.names(name) for name in CELL]
        codes = np.zeros(self.n, dtype=np.int64)
        for part in parts:
            codes = codes * len(part.values) + part.codes
        _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        by_cell = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
        for cell in np.argsort(first):
            every = by_cell[cell]
            task, label, provider, slug = (part.values[part.codes[first[cell]]] for part in parts)
            encoded = pc.dictionary_encode(self.table.column("sample_id").take(every).combine_chunks())
            samples = encoded.indices.to_numpy()
            latest = self._latest(every, samples, len(encoded.dictionary))
            rows = every[latest]
            replaced = every[:0] if len(rows) == len(every) else np.setdiff1d(every, rows)
            yield CellRows(
                key=(task, label, provider, slug),
                rows=rows,
                every=every,
                replaced=replaced,
                ids=encoded.dictionary,
                position=samples[latest],
            )

    def _latest(self, every: Any, samples: Any, n_samples: int) -> Any:
        """Positions in `every` of each item's last answer, in order of the items' first answers."""
        if n_samples == len(every):
            return slice(None)
        _, epochs = np.unique(self.numbers("epoch")[every], return_inverse=True)
        items = samples.astype(np.int64) * (int(epochs.max()) + 1) + epochs
        _, first, inverse = np.unique(items, return_index=True, return_inverse=True)
        if len(first) == len(every):
            return slice(None)
        last = np.zeros(len(first), dtype=np.int64)
        last[inverse] = np.arange(len(every))  # of equal positions, the last assignment holds
        return last[np.argsort(first)]


def columns_of(folder: Path, names: Sequence[str] = tuple(COLUMNS)) -> RunColumns | None:
    """The columns of these names from `records.parquet`, or from a large `records.jsonl` if pyarrow is installed.

    None if the records must be read one by one: few of them, no pyarrow, or values that columns cannot hold.
    Raises UsageError if they cannot be read.
    """
    check_manifest(folder)
    path = folder / RECORDS
    is_large = path.is_file() and path.stat().st_size >= LARGE
    if path.is_file() and find_spec("pyarrow") is None:
        return None
    parquet = None if path.is_file() and not _readable(folder) else current_parquet(folder)
    if parquet is not None:
        facts = parquet_facts(parquet)
        if facts.get("columns") == COLUMNS_VERSION and facts.get("exact") and facts.get("records"):
            table = read_columns(parquet, list(names)).unify_dictionaries()
            if not _is_current(table, names):  # another program's, or of a version between two releases
                return None
            return RunColumns(folder=folder, table=table, records=RowRecords(parquet))
        return None
    return _from_lines(folder) if is_large else None


def _is_current(table: Any, names: Sequence[str]) -> bool:
    """Whether the columns have the names and types that this version derives; if not, the records are read."""
    wanted = schema(json=False)
    found = {field.name: field.type for field in table.schema}
    return len(found) == len(table.schema) and all(found.get(name) == wanted.field(name).type for name in names)


def _readable(folder: Path) -> bool:
    """Whether `records.parquet` beside `records.jsonl` can be used; if it is damaged, the lines are read."""
    try:
        return current_parquet(folder) is not None
    except UsageError:
        return False


def _from_lines(folder: Path) -> RunColumns | None:
    parts = []
    for table, exact in tables(numbered_records(folder), keep_lines=False, rows=_ROWS):
        if not exact:
            return None
        parts.append(table)
    return RunColumns(folder=folder, table=joined(parts), records=RowRecords(folder / RECORDS)) if parts else None
