"""Shares with their intervals, and the gain from voting, both clustered by problem."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytest_hiddenlayer.stats.estimate.clusters import clustered_stderr, clusters, effective_groups
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate, quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A share of n chats, with the 95 % interval over their problems; None if there is only one problem."""

    value: float
    n: int
    problems: int
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Return the share and its interval, rounded to a thousandth, and the counts."""
        low, high = self.interval or (0.0, 1.0)
        values = {"share": round(self.value, 3), "low": round(low, 3), "high": round(high, 3)}
        return values | {"n": self.n, "problems": self.problems}


def share_of(correct: Sequence[bool], problems: Sequence[Hashable]) -> Share:
    """Return the share of True entries, one per chat; chats with equal `problems` form a cluster."""
    mean = estimate([float(value) for value in correct], problems)
    assert mean.mean is not None, "there are no chats"
    return Share(value=mean.mean, n=mean.n, problems=len(set(problems)), interval=mean.ci95)


def grouped(correct: Sequence[bool], problems: Sequence[Hashable], kinds: Sequence[str]) -> dict[str, Share]:
    """Return the share of each kind, sorted by name."""
    by_kind: dict[str, list[tuple[bool, Hashable]]] = {}
    for value, problem, kind in zip(correct, problems, kinds, strict=True):
        by_kind.setdefault(kind, []).append((value, problem))
    return {kind: share_of(*zip(*by_kind[kind], strict=True)) for kind in sorted(by_kind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """The gain of a vote over a single sample, paired by chat; the interval is over problems."""

    single: float
    vote: float
    low: float
    high: float
    n: int
    problems: int

    def to_json(self) -> Mapping[str, Any]:
        """Return all values, rounded to a thousandth."""
        return {key: round(value, 3) for key, value in asdict(self).items()}


def gain_of(single: Sequence[float], vote: Sequence[float], problems: Sequence[Hashable]) -> Gain:
    """Return the mean difference with its 95 % interval (Student's t, standard errors clustered by problem)."""
    n = len(single)
    differences = [b - a for a, b in zip(single, vote, strict=True)]
    sums, sizes = clusters(differences, problems)
    error, mean = clustered_stderr(sums, sizes), math.fsum(differences) / n
    assert error is not None, "an interval needs at least two problems"
    half = quantile(effective_groups(sizes) - 1) * error
    return Gain(
        single=math.fsum(single) / n,
        vote=math.fsum(vote) / n,
        low=mean - half,
        high=mean + half,
        n=n,
        problems=len(sizes),
    )
