"""What is judged: one criterion, or a rubric of several with weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError, did_you_mean
from .scale import YES_NO, Scale

_KEYS = ("name", "criteria", "weight", "scale")


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One thing that is judged on its own."""

    text: str  # as the judge reads it
    scale: Scale
    name: str | None = None  # None: it is the only one
    weight: float = 1.0


def read_rubric(entries: Sequence[Any], scale: Scale) -> tuple[Criterion, ...]:
    """The criteria of a rubric as a task file writes it.

    An entry is a text, which is a check to be met (yes or no), or a mapping with `name`,
    `criteria`, and where they differ `weight` (1) and `scale` (the scorer's). Raises UsageError.
    """
    if not entries:
        raise UsageError("rubric is empty; write a criterion, or leave it out and write `criteria`")
    found = tuple(_criterion(entry, number, scale) for number, entry in enumerate(entries, 1))
    names = [one.name for one in found]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"rubric: the name {doubled!r} stands twice")
    return found


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
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not (math.isfinite(weight) and weight > 0):
        raise UsageError(f"rubric: entry {number}: weight must be a number above 0, got {weight!r}")
    own = Scale.from_param(entry["scale"]) if "scale" in entry else scale
    return Criterion(name=entry["name"], text=entry["criteria"], weight=float(weight), scale=own)
