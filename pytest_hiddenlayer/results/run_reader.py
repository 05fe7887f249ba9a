"""A finished run, however many records it has: its metrics, and the records that are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..identifiers import controlled
from ..types import Record
from .log.record_file import has_many_records
from .log.run_log import read_records
from .metrics.cells import CellMetrics
from .metrics.run_metrics import metrics_of_run
from .metrics.spending import with_replaced_answers

if TYPE_CHECKING:
    from .columns.run_columns import RunColumns


def open_run(folder: Path) -> RunReader:
    """The run in a folder, from columns if it has many records. Raises UsageError if it holds no readable log.

    Control samples are analysed record by record, so a run that has them is read in that way.
    """
    if has_many_records(folder):
        from .columns.run_columns import columns_of  # with numpy

        columns = columns_of(folder)
        if columns is not None and all(controlled(label) is None for label in columns.names("label").values):
            return _Columns(columns)
    return _Records(folder)


class RunReader(ABC):
    """What is shown of a run."""

    folder: Path

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of records."""

    @abstractmethod
    def metrics(self, *, bootstrap: int = 0, replaced: bool = True) -> list[CellMetrics]:
        """The metrics of every cell; with `replaced`, with the cost of answers that were made again."""

    @abstractmethod
    def listed(self, *, controls: bool, right: bool) -> Iterable[Record]:
        """The records in the order of the log; `controls`: also control samples; `right`: also right answers."""

    @abstractmethod
    def of_sample(self, sample: str) -> list[Record]:
        """The records of one sample."""

    @abstractmethod
    def samples(self) -> set[str]:
        """The ids of all samples."""

    @property
    @abstractmethod
    def control_records(self) -> list[Record]:
        """All records if there are control samples; else none."""


class _Records(RunReader):
    def __init__(self, folder: Path) -> None:
        self.folder, self._records = folder, list(read_records(folder))

    @property
    def n(self) -> int:
        return len(self._records)

    def metrics(self, *, bootstrap: int = 0, replaced: bool = True) -> list[CellMetrics]:
        metrics = list(metrics_of_run(self.folder, self._records, bootstrap=bootstrap))
        return with_replaced_answers(metrics, self._records) if replaced else metrics

    def listed(self, *, controls: bool, right: bool) -> Iterator[Record]:
        for record in self._records:
            if (controls or controlled(record.label) is None) and (right or record.outcome != "correct"):
                yield record

    def of_sample(self, sample: str) -> list[Record]:
        return [record for record in self._records if record.sample_id == sample]

    def samples(self) -> set[str]:
        return {record.sample_id for record in self._records}

    @cached_property
    def control_records(self) -> list[Record]:
        return self._records if any(controlled(r.label) is not None for r in self._records) else []


class _Columns(RunReader):
    def __init__(self, columns: RunColumns) -> None:
        self.folder, self._columns = columns.folder, columns

    @property
    def n(self) -> int:
        return self._columns.n

    def metrics(self, *, bootstrap: int = 0, replaced: bool = True) -> list[CellMetrics]:
        from .columns.cell_metrics import column_metrics

        return list(column_metrics(self._columns, bootstrap=bootstrap, replaced=replaced))

    def listed(self, *, controls: bool, right: bool) -> Iterator[Record]:
        outcomes = self._columns.names("outcome")
        correct = outcomes.values.index("correct") if "correct" in outcomes.values else None
        rows = (row for row, code in enumerate(outcomes.codes.tolist()) if right or code != correct)
        return self._columns.records.each(rows)

    def of_sample(self, sample: str) -> list[Record]:
        import pyarrow.compute as pc

        rows = pc.indices_nonzero(pc.equal(self._columns.array("sample_id"), sample)).to_pylist()
        return list(self._columns.records.each(rows))

    def samples(self) -> set[str]:
        return set(self._columns.array("sample_id").unique().to_pylist())

    @property
    def control_records(self) -> list[Record]:
        return []
