"""`numeric`: the last (or first) number of the answer, compared as a number."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..errors import UsageError
from ..types import Ask, Sample, Score
from .extract import Extract, extract_from
from .number import Number, numbers


@dataclass(frozen=True)
class Numeric:
    """1 where the number found lies within the tolerance of a target, else 0.

    The tolerance is max(abs_tol, rel_tol · |target|), both 0 by default: exact. The number is
    taken from the text that `extract` finds, the last one unless `extract.take` is `first`.
    An answer without a number is wrong, and the explanation says so.
    """

    _: KW_ONLY
    extract: Any = None
    rel_tol: float = 0.0
    abs_tol: float = 0.0
    name: str = field(default="numeric", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(default=True, init=False)
    _rules: Extract = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for key in ("rel_tol", "abs_tol"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise UsageError(f"scorer 'numeric': {key}={value!r}; a number of at least 0 is needed")
        object.__setattr__(self, "_rules", extract_from("numeric", self.extract))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The number in canonical form: `1,000.50` is `1000.5`."""
        found = self._find(output)
        return None if found is None else str(found)

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1 or 0; unscored where a target is missing or no number."""
        if not sample.targets:
            return Score(value=None, explanation="no target")
        targets = [next(numbers(text), None) for text in sample.targets]
        if None in targets:
            return Score(value=None, explanation=f"target {sample.target!r} holds no number")
        found = self._find(output)
        if found is None:
            return Score(value=0.0, explanation="no number in the answer")
        right = any(found.near(t, self.rel_tol, self.abs_tol) for t in targets if t is not None)
        wanted = " or ".join(map(str, targets))
        return Score(
            value=float(right), answer=str(found), explanation="" if right else f"expected {wanted}, got {found}"
        )

    def _find(self, output: str) -> Number | None:
        text = self._rules(output)
        found = [] if text is None else list(numbers(text))
        return None if not found else found[0] if self._rules.take == "first" else found[-1]
