"""Does a confidence mean what it says? From confidences in [0, 1] and whether each answer was right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Answers whose confidence lies in (low, high]; the first bin holds 0 too."""

    low: float
    high: float
    n: int
    confidence: float  # mean
    accuracy: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """How confidences and right answers go together."""

    n: int
    ece: float  # expected calibration error over equal-width bins
    n_bins: int  # of them, empty ones included
    brier: float  # mean squared distance of confidence and 0/1
    auroc: float | None  # chance that a right answer is more confident than a wrong one; None: all right or all wrong
    risk_coverage: tuple[tuple[float, float], ...]  # (share answered, share of those wrong), most confident first
    aurc: float  # mean risk over the coverages
    bins: tuple[Bin, ...]  # those that hold answers


def calibration(confidences: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> Calibration | None:
    """The calibration of these answers; None where there is none.

    ECE: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, equal-width
    bins. Brier 1950. AUROC: the Mann–Whitney statistic, ties count a half. Risk and coverage:
    Geifman & El-Yaniv 2017, "Selective Classification for Deep Neural Networks"; answers of
    equal confidence enter together. Raises ValueError for unequal lengths or no share.
    """
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers")
    if not all(0 <= c <= 1 for c in confidences):
        raise ValueError("a confidence lies in [0, 1]")
    if bins < 1:
        raise ValueError(f"at least one bin is needed; got {bins}")
    n = len(confidences)
    if n == 0:
        return None
    filled = _bins(confidences, right, bins)
    curve = _risk_coverage(confidences, right)
    return Calibration(
        n=n,
        ece=math.fsum(b.n / n * abs(b.accuracy - b.confidence) for b in filled),
        n_bins=bins,
        brier=math.fsum((c - r) ** 2 for c, r in zip(confidences, right, strict=True)) / n,
        auroc=_auroc(confidences, right),
        risk_coverage=curve,
        aurc=_area(curve),
        bins=filled,
    )


def _bins(confidences: Sequence[float], right: Sequence[bool], bins: int) -> tuple[Bin, ...]:
    members: dict[int, list[tuple[float, bool]]] = {}
    for pair in zip(confidences, right, strict=True):
        members.setdefault(max(0, math.ceil(pair[0] * bins) - 1), []).append(pair)
    return tuple(
        Bin(
            low=at / bins,
            high=(at + 1) / bins,
            n=len(found),
            confidence=math.fsum(c for c, _ in found) / len(found),
            accuracy=sum(r for _, r in found) / len(found),
        )
        for at, found in sorted(members.items())
    )


def _auroc(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    n_right = sum(right)
    n_wrong = len(right) - n_right
    if not n_right or not n_wrong:
        return None
    ranks, below = 0.0, 0
    for _, tied in groupby(sorted(zip(confidences, right, strict=True)), key=lambda pair: pair[0]):
        members = list(tied)
        ranks += sum(r for _, r in members) * (below + (len(members) + 1) / 2)  # the middle rank of a tie
        below += len(members)
    return (ranks - n_right * (n_right + 1) / 2) / (n_right * n_wrong)


def _risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> tuple[tuple[float, float], ...]:
    points, answered, wrong = [], 0, 0
    ranked = sorted(zip(confidences, right, strict=True), reverse=True)
    for _, tied in groupby(ranked, key=lambda pair: pair[0]):
        members = list(tied)
        answered += len(members)
        wrong += sum(not r for _, r in members)
        points.append((answered / len(right), wrong / answered))
    return tuple(points)


def _area(curve: Sequence[tuple[float, float]]) -> float:
    """Mean risk: each coverage weighs what it adds to the one before."""
    before, area = 0.0, 0.0
    for coverage, risk in curve:
        area += (coverage - before) * risk
        before = coverage
    return area
