"""The samples of a cell over their epochs, each computed from the columns when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from functools import cached_property
from typing import Any

from ...types import Outcome, Record
from ..metrics.samples import SampleResult, sample_result
from .cell_columns import CellColumns


class SampleResults(Mapping[str, SampleResult]):
    """Sample → its result, for the samples that have a record, in the order of the selection."""

    def __init__(
        self, columns: CellColumns, read: Callable[[int], Record], *, reducer: str, pass_score: float
    ) -> None:
        self.columns, self._read = columns, read
        self._reducer, self._pass_score = reducer, pass_score

    def at(self, position: int) -> SampleResult | None:
        """The result of the sample at a position of the selection; None without a record."""
        answers = [ColumnAnswer(self.columns, slot, self._read) for slot in self.columns.slots(position)]
        return sample_result(answers, reducer=self._reducer, pass_score=self._pass_score) if answers else None

    def __getitem__(self, name: str) -> SampleResult:
        result = self.at(self._positions[name])
        if result is None:
            raise KeyError(name)
        return result

    def __iter__(self) -> Iterator[str]:
        columns = self.columns
        return (name for position, name in enumerate(columns.ids) if columns.slots(position))

    @cached_property
    def _n(self) -> int:
        columns = self.columns
        if columns.epochs == 1:
            return columns.n_records
        return sum(bool(columns.slots(position)) for position in range(len(columns.ids)))

    def __len__(self) -> int:
        return self._n

    def items(self) -> ItemsView[str, SampleResult]:
        """The samples with their results, without looking each up by name."""
        return _Items(self)

    def values(self) -> ValuesView[SampleResult]:
        """The results, without looking each up by name."""
        return _Values(self)

    def pairs(self) -> Iterator[tuple[str, SampleResult]]:
        """Yield (sample, its result) in order."""
        for position, name in enumerate(self.columns.ids):
            result = self.at(position)
            if result is not None:
                yield name, result

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.columns.ids)}


class _Items(ItemsView[str, SampleResult]):
    def __iter__(self) -> Iterator[tuple[str, SampleResult]]:
        return _results(self).pairs()


class _Values(ValuesView[SampleResult]):
    def __iter__(self) -> Iterator[SampleResult]:
        return (result for _, result in _results(self).pairs())


def _results(view: Any) -> SampleResults:
    results: SampleResults = view._mapping  # of collections.abc.MappingView
    return results


class ColumnAnswer:
    """One answer in a slot, with what the result of a sample is made of."""

    __slots__ = ("_columns", "_read", "_slot", "score", "scores")

    def __init__(self, columns: CellColumns, slot: int, read: Callable[[int], Record]) -> None:
        self._columns, self._slot, self._read = columns, slot, read
        self.score = columns.score.get(slot)
        self.scores: Mapping[str, Any] = {
            name: {"value": column.get(slot)} for name, column in columns.scores.items() if column.has(slot)
        }

    @property
    def outcome(self) -> Outcome:
        """The record's outcome."""
        return self._columns.outcome(self._slot)

    @property
    def answer(self) -> str | None:
        """The extracted answer."""
        return self._columns.answer(self._slot, self._read)

    @property
    def sample_hash(self) -> str:
        """The hash of prompt and target."""
        return self._columns.sample_hash(self._slot)

    @property
    def must_pass(self) -> bool:
        """Whether the sample must pass."""
        return self._columns.must_pass(self._slot)

    @property
    def group(self) -> str | None:
        """The sample's group."""
        return self._columns.group(self._slot)
