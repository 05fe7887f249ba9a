"""The samples of one cell as columns: one score per sample, over its epochs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...types import OUTCOMES, SCORED, Outcome
from ..cell_config import CellConfig
from ..metrics.samples import ReducedEpochs, reduced_epochs
from ..metrics.scorers import reduced_scores
from .run_columns import CellRows, Names, RunColumns

_OUTCOME: dict[str, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorerColumn:
    """The scores of one scorer: NaN where there is none."""

    records: Any  # of each row of the cell
    samples: Any  # of each sample, over its epochs
    unscored: Sequence[str]  # why a score has no value, one per answer


@dataclass(frozen=True, kw_only=True, slots=True)
class CellColumns:
    """The rows of a cell, and its samples in order of their first answers."""

    run: RunColumns
    cell: CellRows
    ids: Any  # pyarrow array, of the samples
    position: Any  # of each row's sample
    order: Any  # positions of the rows, sorted by sample
    offsets: Any  # the rows of sample i are order[offsets[i] : offsets[i + 1]]
    scores: Any  # of each row: the headline score, NaN if unscored
    outcomes: Any  # of each row, as positions in OUTCOMES

    @classmethod
    def of(cls, run: RunColumns, cell: CellRows) -> CellColumns:
        """The columns of one cell."""
        position, n_samples = cell.position, len(cell.ids)
        order = np.argsort(position, kind="stable")
        offsets = np.zeros(n_samples + 1, dtype=np.int64)
        np.cumsum(np.bincount(position, minlength=n_samples), out=offsets[1:])
        names = run.names("outcome").take(cell.rows)
        codes = np.array([_OUTCOME[name] for name in names.values], dtype=np.int8)[names.codes]
        scored = np.isin(codes, [_OUTCOME[name] for name in SCORED])
        scores = np.where(scored, run.numbers("score")[cell.rows], np.nan)
        return cls(
            run=run,
            cell=cell,
            ids=cell.ids,
            position=position,
            order=order,
            offsets=offsets,
            scores=scores,
            outcomes=codes,
        )

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return len(self.offsets) - 1

    @property
    def rows(self) -> Any:
        """The rows of the log."""
        return self.cell.rows

    @property
    def first(self) -> Any:
        """Of each sample, the position of its first row in the cell."""
        return self.order[self.offsets[:-1]]

    def groups(self) -> Names:
        """The group of each row."""
        return self.run.names("group").take(self.rows)

    def reduced(self, config: CellConfig) -> tuple[list[ReducedEpochs], Any]:
        """(different results, of each sample its result's position among them)."""
        results: list[ReducedEpochs] = []
        seen: dict[Any, int] = {}
        codes = np.empty(self.n_samples, dtype=np.int32)
        outcomes, scores = self.outcomes[self.order].tolist(), _optional(self.scores[self.order])
        single = len(outcomes) == self.n_samples
        bounds = self.offsets.tolist()
        for sample in range(self.n_samples):
            if single:
                key: Any = (outcomes[sample], scores[sample])
            else:
                start, end = bounds[sample], bounds[sample + 1]
                key = (tuple(outcomes[start:end]), tuple(scores[start:end]))
            code = seen.get(key)
            if code is None:
                code = seen[key] = len(results)
                both = ([key[0]], [key[1]]) if single else key
                results.append(self._reduce(both[0], both[1], config))
            codes[sample] = code
        return results, codes

    def _reduce(self, outcomes: Sequence[int], scores: Sequence[float | None], config: CellConfig) -> ReducedEpochs:
        names: list[Outcome] = [OUTCOMES[code] for code in outcomes]
        return reduced_epochs(names, scores, reducer=config.reducer, pass_score=config.pass_score)

    def scorers(self, reducer: str) -> dict[str, ScorerColumn]:
        """Name → the scores of every scorer that a record names, in order of first appearance."""
        names = self.run.names("scorer").take(self.rows)
        several = self.run.array("scores").take(self.rows)
        first = self.run.numbers("score")[self.rows]
        if several.null_count == len(several):
            simple = {name: np.where(names.codes == names.values.index(name), first, np.nan) for name in names.used()}
            return {name: self._scorer(column, reducer, ()) for name, column in simple.items()}
        values, unscored = self._several(names, first, several.to_pylist())
        return {name: self._scorer(column, reducer, unscored.get(name, ())) for name, column in values.items()}

    def _several(
        self, names: Names, first: Any, several: Sequence[str | None]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """(name → scores of the rows, name → explanations without a value)."""
        values: dict[str, Any] = {}
        unscored: dict[str, list[str]] = {}
        for row, text in enumerate(several):
            code = names.codes[row]
            scores = json.loads(text) if text else [] if code < 0 else [[names.values[code], first[row], ""]]
            for name, value, why in scores:
                if name not in values:
                    values[name] = np.full(len(first), np.nan)
                if value is None:
                    unscored.setdefault(name, []).append(why or "no reason given")
                else:
                    values[name][row] = value
        return values, unscored

    def _scorer(self, values: Any, reducer: str, unscored: Sequence[str]) -> ScorerColumn:
        return ScorerColumn(records=values, samples=self._reduced_scores(values, reducer), unscored=unscored)

    def _reduced_scores(self, values: Any, reducer: str) -> Any:
        """The scores of the samples, as `scores_by_name` has them."""
        if len(values) == self.n_samples:
            one = values[self.order]
            for value in np.unique(one[~np.isnan(one)]).tolist():
                one[one == value] = reduced_scores([value], reducer)
            return one
        reduced = np.full(self.n_samples, np.nan)
        listed, bounds = _optional(values[self.order]), self.offsets.tolist()
        for sample in range(self.n_samples):
            known = [value for value in listed[bounds[sample] : bounds[sample + 1]] if value is not None]
            if known and (score := reduced_scores(known, reducer)) is not None:
                reduced[sample] = score
        return reduced


def _optional(values: Any) -> list[float | None]:
    """The numbers as a list, None for NaN."""
    listed: list[float | None] = values.tolist()
    for index in np.flatnonzero(np.isnan(values)).tolist():
        listed[index] = None
    return listed


def own_prompts(texts: Names) -> Mapping[str, str]:
    """Name → hash of the user's own prompts, sorted by name, from the column `own_prompts` of a cell's rows."""
    codes = texts.codes[::-1]
    used, last = np.unique(codes, return_index=True)
    prompts: dict[str, str] = {}
    for position in np.argsort(-last):
        if used[position] >= 0:
            prompts |= {name: str(value) for name, value in json.loads(texts.values[used[position]]).items()}
    return dict(sorted(prompts.items()))
