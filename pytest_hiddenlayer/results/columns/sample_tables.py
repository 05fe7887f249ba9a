"""The samples of a cell as mappings that make a sample only if it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...types import SCORED, Outcome
from ..cell_config import CellConfig
from ..metrics.samples import ReducedEpochs, SampleResult, SampleTable
from ..regression.baseline import BaselineSample, BaselineTable
from .cell_columns import CellColumns, ScorerColumn
from .run_columns import RunColumns


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleColumns:
    """The samples of a cell, one per position."""

    columns: CellColumns
    scorers: Mapping[str, ScorerColumn]
    results: list[ReducedEpochs]  # different ones
    codes: Any  # of each sample, the position of its result in `results`
    score: Any  # NaN: none
    worst: Any  # NaN: none
    n_scored: Any  # scored epochs
    lost: Any  # epochs without a score
    row: Any  # in the log: of the epoch that prompt, target and group are taken from
    answer_row: Any  # in the log: of the first scored epoch, else of the first epoch
    _positions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: CellColumns, config: CellConfig, scorers: Mapping[str, ScorerColumn]) -> SampleColumns:
        """The samples under the reducer and the limits of `config`."""
        results, codes = columns.reduced(config)
        starts = columns.offsets[:-1]
        known = ~np.isnan(columns.scores[columns.order])
        n_scored = np.add.reduceat(known, starts, dtype=np.int64)
        epoch = np.arange(len(known))
        first_scored = np.minimum.reduceat(np.where(known, epoch, len(known)), starts)
        answer = np.where(n_scored > 0, first_scored, starts)
        first = starts + np.array([result.first for result in results])[codes]
        rows = columns.rows[columns.order]
        return cls(
            columns=columns,
            scorers=scorers,
            results=results,
            codes=codes,
            score=_numbers([result.score for result in results])[codes],
            worst=_numbers([result.worst for result in results])[codes],
            n_scored=n_scored.astype(np.int32),
            lost=(np.diff(columns.offsets) - n_scored).astype(np.int32),
            row=rows[first].astype(np.int32),
            answer_row=rows[answer].astype(np.int32),
        )

    def of_run(self, run: RunColumns) -> SampleColumns:
        """The same samples, with the columns of `run`."""
        return replace(self, columns=replace(self.columns, run=run))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def ids(self) -> Any:
        """The ids, as pyarrow array."""
        return self.columns.ids

    def names(self, positions: Any = None) -> list[str]:
        """The ids of these samples, or of all."""
        ids = self.ids if positions is None else self.ids.take(positions)
        names: list[str] = ids.to_pylist()
        return names

    def hashes(self) -> Any:
        """The hash of each sample's prompt and target, as pyarrow array."""
        return self.columns.run.array("sample_hash").take(self.row)

    def groups(self) -> list[str | None]:
        """The group of each sample."""
        groups = self.columns.run.names("group")
        if not groups.values:
            return [None] * len(self)
        values = (*groups.values, None)  # -1 is null
        return [values[code] for code in groups.codes[self.row].tolist()]

    def is_outcome(self, outcomes: frozenset[Outcome]) -> Any:
        """Whether each sample has one of these outcomes."""
        return np.array([result.outcome in outcomes for result in self.results])[self.codes]

    @property
    def scored(self) -> Any:
        """Whether each sample has a score, and an outcome that enters a mean."""
        return self.is_outcome(SCORED) & ~np.isnan(self.score)

    def epochs(self, position: int) -> tuple[float, ...]:
        """The scores of a sample's scored epochs, in order."""
        columns = self.columns
        start, end = columns.offsets[position], columns.offsets[position + 1]
        values = columns.scores[columns.order[start:end]]
        return tuple(values[~np.isnan(values)].tolist())

    def scores_of(self, position: int) -> dict[str, float]:
        """Name → the sample's score, of every scorer that has one."""
        values = {name: float(scorer.samples[position]) for name, scorer in self.scorers.items()}
        return {name: value for name, value in values.items() if value == value}

    def position(self, name: object) -> int:
        """The position of a sample. Raises KeyError."""
        if not self._positions:
            self._positions.update({name: position for position, name in enumerate(self.names())})
        return self._positions[name]  # type: ignore[index]

    def group_of(self, position: int) -> str | None:
        """The group of a sample."""
        groups = self.columns.run.names("group")
        code = groups.codes[self.row[position]]
        return groups.values[code] if code >= 0 else None


def _numbers(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def optional(value: float) -> float | None:
    """The number; None for NaN."""
    return None if value != value else float(value)


@dataclass(frozen=True, slots=True)
class ColumnResults(SampleTable):
    """Sample → its result."""

    samples: SampleColumns

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[str]:
        return iter(self.samples.names())

    def __getitem__(self, name: str) -> SampleResult:
        samples = self.samples
        at = samples.position(name)
        row, answer = int(samples.row[at]), int(samples.answer_row[at])
        run = samples.columns.run
        return SampleResult(
            score=optional(samples.score[at]),
            outcome=samples.results[samples.codes[at]].outcome,
            answer=run.records[answer].answer if samples.n_scored[at] else None,
            hash=run.value("sample_hash", row),
            must_pass=bool(run.value("must_pass", row)),
            group=samples.group_of(at),
            epochs=samples.epochs(at),
            lost=int(samples.lost[at]),
            scores=samples.scores_of(at),
            worst=optional(samples.worst[at]),
        )

    @property
    def n_scored_epochs(self) -> int:
        """The number of scored epochs of all samples."""
        return int(self.samples.n_scored.sum())

    def lost_epochs(self) -> dict[str, int]:
        """Sample → its epochs without a score, for the samples that have epochs with one."""
        lost = np.flatnonzero((self.samples.lost > 0) & (self.samples.n_scored > 0))
        return dict(zip(self.samples.names(lost), self.samples.lost[lost].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class ColumnBaseline(BaselineTable):
    """Sample → the sample of a baseline. Its answer and output are read from the log when it is asked for."""

    samples: SampleColumns

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[str]:
        return iter(self.samples.names())

    def __contains__(self, name: object) -> bool:
        try:
            return self.samples.position(name) >= 0
        except KeyError:
            return False

    def __getitem__(self, name: str) -> BaselineSample:
        return self.at(self.samples.position(name), texts=True)

    def at(self, at: int, *, texts: bool) -> BaselineSample:
        """The sample at a position; without `texts`, its answer and output are None."""
        samples, run = self.samples, self.samples.columns.run
        row = int(samples.answer_row[at])
        record = run.records[row] if texts else None
        return BaselineSample(
            score=optional(samples.score[at]),
            outcome=samples.results[samples.codes[at]].outcome,
            answer=record.answer if record and samples.n_scored[at] else None,
            hash=run.value("sample_hash", int(samples.row[at])),
            group=samples.group_of(at),
            output=record.output if record else None,
            n_scored=int(samples.n_scored[at]),
            epoch_scores=samples.epochs(at),
            lost=int(samples.lost[at]),
            scores=samples.scores_of(at),
            worst=optional(samples.worst[at]),
            confidence=run.value("confidence", row),
        )

    @property
    def n_scored(self) -> int:
        """The number of answers with a score."""
        return int(self.samples.n_scored.sum())

    @property
    def n_lost(self) -> int:
        """The number of answers without a score."""
        return int(self.samples.lost.sum())

    def shared_scores(self, old: BaselineTable, name: str, *, by_hash: bool) -> list[tuple[float, float, str | None]]:
        """(old score, score, group) of the samples that one scorer scored on both sides."""
        assert isinstance(old, ColumnBaseline)
        return _shared_scores(old.samples, self.samples, name, by_hash=by_hash)


def _shared_scores(
    old: SampleColumns, new: SampleColumns, name: str, *, by_hash: bool
) -> list[tuple[float, float, str | None]]:
    """(old score, new score, group) of every sample that one scorer scored on both sides."""
    import pyarrow.compute as pc

    partner = pc.index_in(new.ids, value_set=old.ids).fill_null(-1).to_numpy(zero_copy_only=False)
    if name not in old.scorers or name not in new.scorers:
        return []
    before, now = old.scorers[name].samples[partner], new.scorers[name].samples
    chosen = (partner >= 0) & ~np.isnan(before) & ~np.isnan(now)
    if by_hash:
        at = np.flatnonzero(partner >= 0)
        equal = pc.equal(old.hashes().take(partner[at]), new.hashes().take(at)).to_numpy(zero_copy_only=False)
        chosen[at] &= equal
    at = np.flatnonzero(chosen)
    old_groups, new_groups = old.groups(), new.groups()
    return [
        (a, b, new_groups[i] or old_groups[j])
        for a, b, i, j in zip(before[at].tolist(), now[at].tolist(), at.tolist(), partner[at].tolist(), strict=True)
    ]
