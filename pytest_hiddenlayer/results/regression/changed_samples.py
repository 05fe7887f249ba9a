"""The samples of a compared cell whose score changed, was lost or was gained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import Literal, TypeAlias

from ..pairs.pair_values import PairTable
from .baseline import BaselineSample
from .compare_runs import CellPair
from .pairing import match_samples

Change: TypeAlias = Literal["newly_wrong", "lost", "newly_right", "gained", "lower", "higher"]
CHANGES: tuple[Change, ...] = Change.__args__  # type: ignore[attr-defined]  # in the order in which they are shown
ROUNDING = 2e-6  # snapshots round scores to 6 digits


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedSample:
    """One sample whose score differs between the two sides."""

    id: str
    change: Change
    old: BaselineSample
    new: BaselineSample

    @property
    def prompt_changed(self) -> bool:
        """Whether prompt or target differ, which is possible if samples are paired by id."""
        return self.old.hash != self.new.hash


def changed_samples(cell: CellPair) -> list[ChangedSample]:
    """The changed samples, newly wrong first. If no pair is left, those that were lost or gained."""
    found = sorted(_changes(cell), key=lambda item: CHANGES.index(item[1]))
    return [
        ChangedSample(id=name, change=change, old=cell.old.samples[name], new=cell.new.samples[name])
        for name, change in found
    ]


def _changes(cell: CellPair) -> Iterator[tuple[str, Change]]:
    if cell.comparison is None and not _same_scorer(cell):
        return
    pairing = cell.comparison.pairing if cell.comparison else match_samples(cell.old.samples, cell.new.samples)
    for pair in pairing.pairs.differing() if isinstance(pairing.pairs, PairTable) else pairing.pairs:
        if pair.old_right != pair.new_right:
            yield pair.id, "newly_wrong" if pair.old_right else "newly_right"
        elif not isclose(pair.old, pair.new, abs_tol=ROUNDING):
            yield pair.id, "lower" if pair.new < pair.old else "higher"
    # A sample whose record is missing is lost too, but has nothing to show.
    yield from ((name, "lost") for name in pairing.lost if name in cell.new.samples)
    yield from ((name, "gained") for name in pairing.gained)


def _same_scorer(cell: CellPair) -> bool:
    """Whether scores of both sides mean the same; if every answer is lost, no pair is left to compare them."""
    return None in (cell.old.scorer, cell.new.scorer) or cell.old.scorer == cell.new.scorer
