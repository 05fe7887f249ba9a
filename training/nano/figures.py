"""Shares with their intervals, and what is gained by voting. Chats about one problem go together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytest_hiddenlayer.stats.estimate.clusters import clustered_stderr, clusters, effective_groups
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate, quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A share of n chats, with the 95 % interval over their problems; None where one problem tells of no other."""

    value: float
    n: int
    problems: int
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Rounded to a thousandth, the counts beside."""
        low, high = self.interval or (0.0, 1.0)
        told = {"share": round(self.value, 3), "low": round(low, 3), "high": round(high, 3)}
        return told | {"n": self.n, "problems": self.problems}


def share_of(right: Sequence[bool], problems: Sequence[Hashable]) -> Share:
    """The share of what is True, one entry a chat; `problems` says which chats are about the same."""
    found = estimate([float(one) for one in right], problems)
    assert found.mean is not None, "nothing was asked"
    return Share(value=found.mean, n=found.n, problems=len(set(problems)), interval=found.ci95)


def grouped(right: Sequence[bool], problems: Sequence[Hashable], kinds: Sequence[str]) -> dict[str, Share]:
    """A share for each kind, by name."""
    found: dict[str, list[tuple[bool, Hashable]]] = {}
    for one, problem, kind in zip(right, problems, kinds, strict=True):
        found.setdefault(kind, []).append((one, problem))
    return {kind: share_of(*zip(*found[kind], strict=True)) for kind in sorted(found)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """What a vote of several samples gains over one of them, paired by chat; the interval is over problems."""

    single: float
    vote: float
    low: float
    high: float
    n: int
    problems: int

    def to_json(self) -> Mapping[str, Any]:
        """Rounded to a thousandth."""
        return {key: round(value, 3) for key, value in asdict(self).items()}


def gain_of(single: Sequence[float], vote: Sequence[float], problems: Sequence[Hashable]) -> Gain:
    """The mean difference with its 95 % interval: Student's, with errors clustered by problem."""
    n = len(single)
    differences = [b - a for a, b in zip(single, vote, strict=True)]
    sums, sizes = clusters(differences, problems)
    error, mean = clustered_stderr(sums, sizes), math.fsum(differences) / n
    assert error is not None, "one problem tells nothing of others"
    half = quantile(effective_groups(sizes) - 1) * error
    return Gain(
        single=math.fsum(single) / n,
        vote=math.fsum(vote) / n,
        low=mean - half,
        high=mean + half,
        n=n,
        problems=len(sizes),
    )
