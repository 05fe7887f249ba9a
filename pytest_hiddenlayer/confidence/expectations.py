"""Bounds of calibration metrics that a task file expects: `auroc: ">0.7"`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
_BOUND = re.compile(r"\s*(<=|>=|<|>)\s*(\d{1,3}(?:\.\d{1,12})?|\.\d{1,12})\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """One bound of a value in [0, 1]."""

    comparison: str  # one of < <= > >=
    value: float

    def holds(self, measured: float) -> bool:
        """Return whether a value is within the bound."""
        return _COMPARE[self.comparison](measured, self.value)


def parse_bound(text: str) -> Bound:
    """Parse `<0.1`, `<=0.1`, `>0.7` or `>=0.7`. Raises ValueError, also if no value in [0, 1] is within it."""
    match = _BOUND.fullmatch(text)
    if match is None:
        raise ValueError(f'must be a bound such as "<0.1" or ">=0.7" in quotes, got {text!r}')
    bound = Bound(comparison=match[1], value=float(match[2]))
    if not 0 <= bound.value <= 1 or not (bound.holds(0.0) or bound.holds(1.0)):
        raise ValueError(f"no value is {match[0].strip()}, because these metrics lie in [0, 1]; write another bound")
    return bound
