"""One rate: what is counted, the band in which it must lie, and how it is measured."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Draw = Callable[[np.random.Generator], bool | None]
"""One run: whether the event happened; None if the run does not count, as one without an interval."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rate that must lie in a band."""

    section: str
    case: str
    event: str  # what happens in a run that counts as 1
    draw: Draw
    low: float = 0.0
    high: float = 1.0
    runs: int = 1000

    @property
    def name(self) -> str:
        """Identifies the check, and seeds it."""
        return f"{self.section}: {self.case}: {self.event}"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A measured rate."""

    events: int
    runs: int  # that count

    @property
    def value(self) -> float:
        """The share of the runs; NaN if none counts."""
        return self.events / self.runs if self.runs else math.nan

    @property
    def error(self) -> float:
        """The Monte Carlo standard error, with one pseudo-run of each result, so that it is never 0."""
        share = (self.events + 1) / (self.runs + 2)
        return math.sqrt(share * (1 - share) / (self.runs + 2))


def measure(check: Check, runs: int | None = None) -> Rate:
    """The rate over `runs` seeded runs, or as many as the check asks for."""
    random = np.random.default_rng(zlib.crc32(check.name.encode()))
    results = [check.draw(random) for _ in range(check.runs if runs is None else runs)]
    counted = [bool(result) for result in results if result is not None]
    return Rate(events=sum(counted), runs=len(counted))


def holds(check: Check, rate: Rate, *, errors: float = 3.0) -> bool:
    """Whether the rate lies in its band, up to so many Monte Carlo errors."""
    return check.low - errors * rate.error <= rate.value <= check.high + errors * rate.error
