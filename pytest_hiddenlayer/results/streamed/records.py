"""The records of a large run as a sequence: read from the run log when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from ...errors import UsageError
from ...io.lazy_sequence import LazySequence
from ...types import Record
from ..cell_config import CellConfig
from ..log.placed_records import record_at
from ..log.record_file import RECORDS
from ..metrics.cells import CellMetrics
from .answer_columns import AnswerColumns, counts_of
from .metrics import streamed_metrics

Key: TypeAlias = tuple[str, str, str, str]


class StreamedRecords(LazySequence[Record]):
    """One record per answer, in the order in which the run asks for them, with its texts.

    A record is in memory as a row of columns; its texts are read from `records.jsonl` each time. Iterating
    reads the log from its beginning to its end; an index reads one line.
    """

    def __init__(self, folder: Path, cells: Mapping[Key, tuple[Sequence[str], int]]) -> None:
        """`cells` has the ids of the selected samples, and the number of epochs."""
        self.cells = {key: AnswerColumns(ids, epochs) for key, (ids, epochs) in cells.items()}
        self._path = folder / RECORDS
        self._opened: BinaryIO | None = None
        self._logged: dict[int, tuple[Record, int]] = {}  # by id: what is logged and not added yet, and its byte

    def __del__(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def logged(self, records: Sequence[Record], offsets: Sequence[int]) -> None:
        """Note where records are in the log. Call it before they are added."""
        self._logged.update((id(one), (one, offset)) for one, offset in zip(records, offsets, strict=True))

    def add(self, position: int, record: Record) -> None:
        """Add the record of the sample at a position of its cell's selection."""
        _, offset = self._logged.pop(id(record), (record, None))
        self.cells[record.cell].add(position, record, offset)

    def add_logged(self) -> None:
        """Add the records that are in the log and were not added: those of a session that ended early."""
        waiting: dict[Key, dict[str, list[Record]]] = {}
        for record, _ in list(self._logged.values()):
            waiting.setdefault(record.cell, {}).setdefault(record.sample_id, []).append(record)
        for key, by_sample in waiting.items():
            for position, name in enumerate(self.cells[key].ids):
                for record in by_sample.get(name, ()):
                    self.add(position, record)

    def __len__(self) -> int:
        return sum(cell.n_records for cell in self.cells.values())

    def _part(self, indices: range) -> Sequence[Record]:
        return [self._at(index) for index in indices]

    def _at(self, index: int) -> Record:
        number = index
        for columns in self.cells.values():
            if number < columns.n_records:
                return self._read(columns, _nth_slot(columns, number))
            number -= columns.n_records
        raise IndexError(index)

    def __iter__(self) -> Iterator[Record]:
        return self.where(lambda columns, slot: True)

    def where(self, test: Callable[[AnswerColumns, int], bool]) -> Iterator[Record]:
        """Yield the records of the slots that pass the test; only these are read."""
        for columns in self.cells.values():
            for slot in columns.in_order():
                if test(columns, slot):
                    yield self._read(columns, slot)

    @property
    def outcomes(self) -> Counter[str]:
        """Outcome → records."""
        return sum((counts_of(cell.outcomes) for cell in self.cells.values()), Counter[str]())

    @property
    def resumed_from(self) -> Counter[str]:
        """Run that answers were reused from → answers."""
        return sum((cell.resumed_from for cell in self.cells.values()), Counter[str]())

    def asked(self) -> Iterator[tuple[Key, str, int]]:
        """Yield (cell, sample, epoch) of each record that was not reused from another run."""
        for key, columns in self.cells.items():
            for slot in columns.in_order():
                if not columns.resumed(slot):
                    yield key, columns.ids[slot // columns.epochs], slot % columns.epochs + 1

    def metrics(self, config: CellConfig) -> CellMetrics:
        """The metrics of a cell."""
        columns = self.cells[config.key]
        return streamed_metrics(config, columns, lambda slot: self._read(columns, slot))

    def _read(self, columns: AnswerColumns, slot: int) -> Record:
        if slot in columns.not_logged:
            return columns.not_logged[slot]
        offset = columns.offsets[slot] - 1
        return record_at(self._file(), offset)

    def _file(self) -> BinaryIO:
        if self._opened is None:
            try:
                self._opened = self._path.open("rb")
            except OSError as error:
                raise UsageError(
                    f"{self._path}: the records of this run are read from it when they are asked for, and it cannot "
                    f"be read: {error.strerror}; read them before the file is moved or removed"
                ) from error
        return self._opened


def _nth_slot(columns: AnswerColumns, number: int) -> int:
    """The slot of a cell's record by its place in the order of the run."""
    if columns.n_records == columns.size:
        epoch, position = divmod(number, len(columns.ids))
        return columns.slot(position, epoch + 1)
    return next(slot for place, slot in enumerate(columns.in_order()) if place == number)
