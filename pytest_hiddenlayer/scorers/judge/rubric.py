"""What to judge: one criterion, or a rubric of several with weights."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError, did_you_mean
from .scale import YES_NO, Scale

_KEYS = ("name", "criteria", "weight", "scale")


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One criterion, judged independently."""

    text: str  # as the judge reads it
    scale: Scale
    name: str | None = None  # None: it is the only criterion
    weight: float = 1.0


def read_rubric(entries: Sequence[Any], scale: Scale) -> tuple[Criterion, ...]:
    """Returns the criteria of a rubric as a task file writes it. Raises UsageError.

    An entry is a text, which is a check (yes or no), or a mapping with `name`, `criteria` and
    optionally `weight` (default 1) and `scale` (default the scorer's).
    """
    if not entries:
        raise UsageError("rubric is empty; write a criterion, or leave it out and write `criteria`")
    criteria = tuple(_criterion(entry, number, scale) for number, entry in enumerate(entries, 1))
    names = [criterion.name for criterion in criteria]
    if duplicate := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"rubric: the name {duplicate!r} is used twice; rename one criterion")
    return criteria


def _criterion(entry: Any, number: int, scale: Scale) -> Criterion:
    if isinstance(entry, str) and entry.strip():
        return Criterion(name=f"check-{number}", text=entry, scale=YES_NO)
    if not isinstance(entry, Mapping):
        raise UsageError(f"rubric: entry {number} must be a text or {{name, criteria, weight}}, got {entry!r}")
    for key in entry:
        if key not in _KEYS:
            raise UsageError(
                f"rubric: entry {number} has no {key!r}{did_you_mean(str(key), _KEYS)} ({', '.join(_KEYS)})"
            )
    for key in ("name", "criteria"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise UsageError(f"rubric: entry {number} needs a text as {key!r}, got {entry.get(key)!r}")
    weight = entry.get("weight", 1.0)
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 < weight <= sys.float_info.max:
        raise UsageError(f"rubric: entry {number}: weight must be a number above 0, got {weight!r}")
    scale = Scale.from_param(entry["scale"]) if "scale" in entry else scale
    return Criterion(name=entry["name"], text=entry["criteria"], weight=float(weight), scale=scale)
