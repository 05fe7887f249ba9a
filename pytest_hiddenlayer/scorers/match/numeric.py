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
from ..capabilities import TARGET_DECIDES
from .extract import WHOLE, Extract, truncate
from .messages import compared, listed, no_target, not_found
from .numbers import Number, find_numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Numeric:
    """Scores 1 if |answer - target| <= max(abs_tol, rel_tol * |target|), else 0; exact by default.

    `extract` is applied first; then the first or last number counts, by its `take`.

    Percentages: '50%' is correct for the targets 50%, 0.5 and 50, and 0.5 and 50 are correct
    for the target 50%, because people omit the unit. Below 1% only the value counts, so that
    0.5% never equals 0.5.
    """

    extract: Extract = WHOLE
    rel_tol: float = 0.0
    abs_tol: float = 0.0

    name = "numeric"
    capabilities = TARGET_DECIDES
    version = "2"
    pass_score = 1.0
    needs_target = True

    def __post_init__(self) -> None:
        for name, tolerance in (("rel_tol", self.rel_tol), ("abs_tol", self.abs_tol)):
            if not (math.isfinite(tolerance) and tolerance >= 0):
                raise UsageError(f"{name} must be a number from 0 up, got {tolerance!r}")

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the number in canonical spelling, or None if there is none."""
        number = self._find(output)
        return None if number is None else str(number)

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1 or 0; unscored if no target of the sample is a number."""
        if not sample.targets:
            return no_target()
        targets = [numbers[0] for target in sample.targets if len(numbers := find_numbers(target)) == 1]
        if not targets:
            return Score(value=None, explanation=f"the target {listed(sample.targets)} is not one number")
        answer = self._find(output)
        if answer is None:
            return not_found("no number found", list(map(str, targets)))
        correct = any(self._close(*pair) for target in targets for pair in _readings(answer, target))
        return compared(str(answer), list(map(str, targets)), correct)

    def _find(self, output: str) -> Number | None:
        text = self.extract.apply(output)
        numbers = find_numbers(truncate(text, self.extract.take)) if text else []
        if not numbers:
            return None
        return numbers[0] if self.extract.take == "first" else numbers[-1]

    def _close(self, answer: Fraction, target: Fraction) -> bool:
        # Through text, so that a tolerance of 0.1 is one tenth, not the nearest binary number.
        allowed = max(Fraction(str(self.abs_tol)), Fraction(str(self.rel_tol)) * abs(target))
        return abs(answer - target) <= allowed


def _readings(answer: Number, target: Number) -> Iterator[tuple[Fraction, Fraction]]:
    """The pairs of values to compare, by the rule on percentages."""
    if answer.percent == target.percent:
        yield answer.value, target.value
        return
    yield _value(answer), _value(target)
    if abs(answer.value if answer.percent else target.value) >= 1:
        yield answer.value, target.value


def _value(number: Number) -> Fraction:
    return number.value / 100 if number.percent else number.value
