"""The samples of a cell over their epochs, each computed from the columns when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Sequence, ValuesView
from functools import cached_property
from typing import Any

from ...types import Record
from ..metrics.samples import SampleResult, SampleTable, reduced_epochs
from ..metrics.scorers import reduced_scores
from .answer_columns import AnswerColumns


class SampleResults(SampleTable):
    """Sample → its result, for the samples that have a record, in the order of the selection."""

    def __init__(
        self, columns: AnswerColumns, read: Callable[[int], Record], *, reducer: str, pass_score: float
    ) -> None:
        self.columns, self._read = columns, read
        self._reducer, self._pass_score = reducer, pass_score

    def at(self, position: int) -> SampleResult | None:
        """The result of the sample at a position of the selection; None without a record."""
        columns, slots = self.columns, self.columns.slots(position)
        if not slots:
            return None
        scores = [columns.score.get(slot) for slot in slots]
        outcomes = [columns.outcome(slot) for slot in slots]
        epochs = reduced_epochs(outcomes, scores, reducer=self._reducer, pass_score=self._pass_score)
        scored = [slot for slot, score in zip(slots, scores, strict=True) if score is not None]
        first = slots[epochs.first]
        return SampleResult(
            score=epochs.score,
            outcome=epochs.outcome,
            answer=columns.answer(scored[0], self._read) if scored else None,
            hash=columns.sample_hash(first),
            must_pass=columns.must_pass(first),
            group=columns.group(first),
            epochs=tuple(score for score in scores if score is not None),
            lost=len(slots) - len(scored),
            scores=self._scores(slots),
            worst=epochs.worst,
        )

    def _scores(self, slots: Sequence[int]) -> dict[str, float]:
        """Name → the score over the epochs of a sample, as `scores_by_name` has it."""
        known = ((name, self.columns.known_scores(name, slots)) for name in self.columns.scores)
        reduced = {name: reduced_scores(scores, self._reducer) for name, scores in known if scores}
        return {name: score for name, score in reduced.items() if score is not None}

    @property
    def n_scored_epochs(self) -> int:
        """The number of scored epochs of all samples."""
        return self.columns.score.n_known

    def lost_epochs(self) -> dict[str, int]:
        """Sample → its epochs without a score, for the samples that have epochs with one."""
        if self.columns.epochs == 1 or self.columns.score.n_known == self.columns.n_records:
            return {}
        return {name: sample.lost for name, sample in self.pairs() if sample.lost and sample.epochs}

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
