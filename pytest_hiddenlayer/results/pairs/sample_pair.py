"""One sample that both sides of a comparison scored."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from statistics import fmean


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePair:
    """One sample that both sides scored."""

    id: str
    old: float
    new: float
    old_right: bool
    new_right: bool
    group: str | None
    lost: int = 0  # epochs of the new side that have no score
    n_old: int = 1  # scored answers of the old side
    n_new: int = 1
    old_answers: tuple[float, ...] | None = None  # their scores; None: unknown
    new_answers: tuple[float, ...] | None = None

    @property
    def uneven(self) -> bool:
        """Whether one side has more scored answers."""
        return self.n_old != self.n_new

    @property
    def averages(self) -> bool:
        """Whether both scores are the means of their answers."""
        sides = ((self.old, self.old_answers), (self.new, self.new_answers))
        return all(answers and isclose(score, fmean(answers), abs_tol=1e-4) for score, answers in sides)
