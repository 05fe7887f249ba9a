"""Shares with their intervals, and what is gained by voting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytest_hiddenlayer.stats.estimate import wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """So many of n, with Wilson's 95 % interval."""

    right: int
    n: int

    @property
    def value(self) -> float:
        """Between 0 and 1."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        return wilson(self.value, self.n)

    def to_json(self) -> dict[str, Any]:
        """Rounded to a thousandth, the count beside."""
        low, high = self.interval
        return {"share": round(self.value, 3), "low": round(low, 3), "high": round(high, 3), "n": self.n}


def share_of(right: Sequence[bool]) -> Share:
    """The share of what is True."""
    return Share(right=sum(right), n=len(right))


def grouped(right: Sequence[bool], kinds: Sequence[str]) -> dict[str, Share]:
    """A share for each kind, by name."""
    found: dict[str, list[bool]] = {}
    for one, kind in zip(right, kinds, strict=True):
        found.setdefault(kind, []).append(one)
    return {kind: share_of(found[kind]) for kind in sorted(found)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """What a vote of several samples gains over one of them, paired by problem."""

    single: float
    vote: float
    low: float
    high: float
    n: int

    def to_json(self) -> Mapping[str, Any]:
        """Rounded to a thousandth."""
        return {key: round(value, 3) for key, value in asdict(self).items()}


def gain_of(single: Sequence[float], vote: Sequence[float]) -> Gain:
    """The mean difference with its 95 % interval, from the spread of the differences between problems."""
    n = len(single)
    differences = [b - a for a, b in zip(single, vote, strict=True)]
    mean = math.fsum(differences) / n
    error = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1) / n)
    return Gain(
        single=math.fsum(single) / n, vote=math.fsum(vote) / n, low=mean - 1.96 * error, high=mean + 1.96 * error, n=n
    )
