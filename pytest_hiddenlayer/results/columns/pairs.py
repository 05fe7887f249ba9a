"""The pairs of two sides that are both kept as columns: matched as `match_samples` does, without a pair in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isclose
from statistics import fmean
from typing import Any, overload

import numpy as np

from ..pairs.pair_values import PairTable, PairValues
from ..pairs.sample_pair import SamplePair
from .sample_tables import SampleColumns

_CORRECT: frozenset[Any] = frozenset({"correct"})


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchedColumns:
    """Positions of the samples of two sides by what becomes of them."""

    pairs: ColumnPairs
    by_reason: Mapping[str, Any]  # as the fields of `SampleMatching` → positions on the new side; `absent`: old side
    partner: Any  # of each new sample, its position on the old side; -1: none

    def lost_pairs(self) -> Any:
        """The new side's positions of the pairs in which epochs of the new side have no score."""
        at = self.pairs.new_at
        return at[self.pairs.new.lost[at] > 0]


def match_columns(old: SampleColumns, new: SampleColumns, *, by_hash: bool) -> MatchedColumns:
    """The samples of two sides, by id and with `by_hash` by prompt and target too."""
    import pyarrow.compute as pc

    partner = pc.index_in(new.ids, value_set=old.ids).fill_null(-1).to_numpy(zero_copy_only=False)
    known = partner >= 0
    old_scored = np.zeros(len(new), dtype=bool)
    old_scored[known] = old.scored[partner[known]]
    new_scored = new.scored
    same = known.copy()
    if by_hash:
        same[known] = pc.equal(old.hashes().take(partner[known]), new.hashes().take(np.flatnonzero(known))).to_numpy(
            zero_copy_only=False
        )
    both, before, now = old_scored & new_scored, old_scored & ~new_scored, ~old_scored & new_scored
    paired = np.flatnonzero(known & both & same)
    reasons = {
        "changed": known & both & ~same,
        "lost": known & before & same,
        "gained": known & now,
        "added": ~known & new_scored,
    }
    unscored = ~(known & both & same)
    for positions in reasons.values():
        unscored &= ~positions
    absent = np.ones(len(old), dtype=bool)
    absent[partner[known]] = False
    return MatchedColumns(
        pairs=ColumnPairs(old=old, new=new, old_at=partner[paired], new_at=paired),
        by_reason={
            **{reason: np.flatnonzero(positions) for reason, positions in reasons.items()},
            "unscored": np.flatnonzero(unscored),
            "absent": np.flatnonzero(absent),
        },
        partner=partner,
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ColumnPairs(PairTable):
    """The pairs of these positions; some may be replaced by others, and others follow."""

    old: SampleColumns
    new: SampleColumns
    old_at: Any
    new_at: Any
    others: Mapping[int, SamplePair] = field(default_factory=dict)  # by position among the pairs
    more: tuple[SamplePair, ...] = ()  # behind all others

    def __len__(self) -> int:
        return len(self.new_at) + len(self.more)

    @overload
    def __getitem__(self, index: int) -> SamplePair: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SamplePair]: ...
    def __getitem__(self, index: int | slice) -> SamplePair | Sequence[SamplePair]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        if index >= len(self.new_at):
            return self.more[index - len(self.new_at)]
        return self.others.get(index) or self._pair(index)

    def __iter__(self) -> Iterator[SamplePair]:
        return (self[index] for index in range(len(self)))

    def _pair(self, index: int) -> SamplePair:
        old, new = int(self.old_at[index]), int(self.new_at[index])
        group = self.new.group_of(new)
        return SamplePair(
            id=self.new.ids[new].as_py(),
            old=float(self.old.score[old]),
            new=float(self.new.score[new]),
            old_right=self.old.results[self.old.codes[old]].outcome == "correct",
            new_right=self.new.results[self.new.codes[new]].outcome == "correct",
            group=group if group is not None else self.old.group_of(old),
            n_old=int(self.old.n_scored[old]),
            n_new=int(self.new.n_scored[new]),
            old_answers=self.old.epochs(old),
            new_answers=self.new.epochs(new),
        )

    def values(self) -> PairValues:
        """The values of all pairs."""
        extra = [*self.others.values(), *self.more]
        plain = np.ones(len(self.new_at), dtype=bool)
        plain[list(self.others)] = False
        old_n, new_n = self.old.n_scored[self.old_at], self.new.n_scored[self.new_at]
        n_uneven = int((old_n != new_n)[plain].sum()) + sum(pair.uneven for pair in extra)
        averages = (
            self._averages(self.old, self.old_at[plain])
            and self._averages(self.new, self.new_at[plain])
            and all(pair.averages for pair in extra)
        )
        return PairValues(
            old=self._column(self.old.score[self.old_at].tolist(), [pair.old for pair in extra]),
            new=self._column(self.new.score[self.new_at].tolist(), [pair.new for pair in extra]),
            groups=self._column(self._groups(), [pair.group for pair in extra]),
            n_uneven=n_uneven,
            averages=averages,
            old_unknown=any(pair.old_answers is None for pair in extra),
            answers=self._answers() if n_uneven and averages else None,
        )

    def _column(self, values: list[Any], extra: Sequence[Any]) -> list[Any]:
        """The values of the pairs, with those of other pairs in their places."""
        for index, value in zip(self.others, extra, strict=False):
            values[index] = value
        return [*values, *extra[len(self.others) :]]

    def _groups(self) -> list[str | None]:
        old, new = self.old.groups(), self.new.groups()
        pairs = zip(self.old_at.tolist(), self.new_at.tolist(), strict=True)
        return [old[a] if new[b] is None else new[b] for a, b in pairs]

    def _averages(self, side: SampleColumns, at: Any) -> bool:
        """Whether the scores of these samples are the means of their answers."""
        repeated = side.n_scored[at] != 1
        starts = side.columns.offsets[at]
        if repeated.any() or (side.lost[at] > 0).any():
            return all(isclose(side.score[i], fmean(side.epochs(i)), abs_tol=1e-4) for i in at.tolist())
        answers = side.columns.scores[side.columns.order[starts]]
        score = side.score[at]
        tolerance = np.maximum(1e-9 * np.maximum(np.abs(score), np.abs(answers)), 1e-4)
        return bool((np.abs(score - answers) <= tolerance).all())

    def _answers(self) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
        pairs = [(pair.old_answers or (), pair.new_answers or ()) for pair in self]
        return [old for old, _ in pairs], [new for _, new in pairs]

    def newly(self, *, right: bool) -> tuple[str, ...]:
        """The samples that are right on the new side only, or on the old side only."""
        differ = self._right(self.old, self.old_at) != self._right(self.new, self.new_at)
        chosen = np.flatnonzero(differ & (self._right(self.new, self.new_at) == right))
        if not (self.others or self.more):
            return tuple(self.new.names(self.new_at[chosen]))
        return tuple(p.id for p in self if p.old_right != p.new_right and p.new_right == right)

    def differing(self) -> Sequence[SamplePair]:
        """The pairs whose scores or outcomes differ."""
        if self.others or self.more:
            return [p for p in self if p.old != p.new or p.old_right != p.new_right]
        differ = self._right(self.old, self.old_at) != self._right(self.new, self.new_at)
        differ |= self.old.score[self.old_at] != self.new.score[self.new_at]
        return ColumnPairs(old=self.old, new=self.new, old_at=self.old_at[differ], new_at=self.new_at[differ])

    def replaced(self, pairs: Mapping[str, SamplePair]) -> ColumnPairs:
        """These pairs with others in the place of those with their ids, and behind them those with new ids."""
        import pyarrow
        import pyarrow.compute as pc

        wanted = pyarrow.array(list(pairs), pyarrow.string())
        places = pc.index_in(wanted, value_set=self.new.ids.take(pyarrow.array(self.new_at))).to_pylist()
        others = {place: pair for place, pair in zip(places, pairs.values(), strict=True) if place is not None}
        more = [pair for place, pair in zip(places, pairs.values(), strict=True) if place is None]
        return replace(self, others=dict(sorted(others.items())), more=tuple(more))

    @staticmethod
    def _right(side: SampleColumns, at: Any) -> Any:
        return side.is_outcome(_CORRECT)[at]
