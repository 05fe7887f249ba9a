"""`numeric`: the number in the output equals the expected one.

Without `extract` the last number counts, the rule of GSM8K (Cobbe et al. 2021, arXiv:2110.14168).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from .extract import WHOLE, Extract, truncate
from .messages import compared, listed, no_target, not_found
from .numbers import Number, find_numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Numeric:
    """1 where |answer - target| <= max(abs_tol, rel_tol * |target|), else 0; exact by default.

    `extract` is applied first; then the first or last number counts, by its `take`.

    Percent: '50%' is right where the target says 50%, 0.5 or 50, and 0.5 or 50 are right
    where it says 50%: people leave the unit out. Below 1% only the value counts, so that
    0.5% is never taken for 0.5.
    """

    extract: Extract = WHOLE
    rel_tol: float = 0.0
    abs_tol: float = 0.0

    name = "numeric"
    version = "1"
    pass_score = 1.0
    needs_target = True

    def __post_init__(self) -> None:
        for name, tolerance in (("rel_tol", self.rel_tol), ("abs_tol", self.abs_tol)):
            if not (math.isfinite(tolerance) and tolerance >= 0):
                raise UsageError(f"{name} must be a number from 0 on, got {tolerance!r}")

    def parse(self, output: str, sample: Sample) -> str | None:
        """The number in canonical spelling; None where there is none."""
        number = self._find(output)
        return None if number is None else str(number)

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0, or unscored where the sample has no target that is a number."""
        if not sample.targets:
            return no_target()
        targets = [found[0] for target in sample.targets if len(found := find_numbers(target)) == 1]
        if not targets:
            return Score(value=None, explanation=f"the target {listed(sample.targets)} is not one number")
        answer = self._find(output)
        if answer is None:
            return not_found("no number found", list(map(str, targets)))
        right = any(self._close(*pair) for target in targets for pair in _readings(answer, target))
        return compared(str(answer), list(map(str, targets)), right)

    def _find(self, output: str) -> Number | None:
        text = self.extract.apply(output)
        numbers = find_numbers(truncate(text, self.extract.take)) if text else []
        if not numbers:
            return None
        return numbers[0] if self.extract.take == "first" else numbers[-1]

    def _close(self, answer: Fraction, target: Fraction) -> bool:
        # By way of text: a tolerance of 0.1 is a tenth, not the nearest binary number.
        allowed = max(Fraction(str(self.abs_tol)), Fraction(str(self.rel_tol)) * abs(target))
        return abs(answer - target) <= allowed


def _readings(answer: Number, target: Number) -> Iterator[tuple[Fraction, Fraction]]:
    """The pairs of values that may be compared, by the rule on percent."""
    if answer.percent == target.percent:
        yield answer.value, target.value
        return
    yield _value(answer), _value(target)
    if abs(answer.value if answer.percent else target.value) >= 1:
        yield answer.value, target.value


def _value(number: Number) -> Fraction:
    return number.value / 100 if number.percent else number.value
