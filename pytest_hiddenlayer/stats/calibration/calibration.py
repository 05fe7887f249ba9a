"""Does a confidence mean what it says? From confidences in [0, 1] and whether each answer was right."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..estimate.mean_interval import Estimate, estimate
from .selective_prediction import RiskPoint, aurc, auroc, risk_coverage

_POINTS = 20
"""Points of a risk–coverage curve that are written down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Answers whose confidence lies in (low, high]; the first bin holds 0 too."""

    low: float
    high: float
    n: int
    confidence: float  # mean
    accuracy: Estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """How confidences and right answers go together."""

    n: int
    ece: Estimate  # expected calibration error over equal-width bins; biased upwards for few answers
    n_bins: int  # of them, empty ones included
    bins: tuple[Bin, ...]  # those that hold answers
    brier: Estimate  # mean squared distance of confidence and 0/1
    auroc: Estimate | None  # chance that a right answer is the more confident one; None: all right or all wrong
    risk_coverage: tuple[RiskPoint, ...]  # most confident first
    aurc: Estimate  # mean risk over the coverages; 0 is best

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; of a long risk–coverage curve every twentieth of the coverage."""
        values = asdict(self)
        values["risk_coverage"] = [asdict(point) for point in _thinned(self.risk_coverage)]
        return values


def calibration(
    confidences: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[Hashable | None] | None = None,
    *,
    bins: int = 10,
) -> Calibration | None:
    """The calibration of these answers, with errors over clusters; None where there is no answer.

    ECE: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, over `bins`
    bins of equal width; its error takes the side on which each bin errs as known. Brier 1950,
    "Verification of Forecasts Expressed in Terms of Probability", for one class: the squared
    distance, from 0 to 1. AUROC and risk–coverage: see `ranking.py`. Raises ValueError for
    unequal lengths, for what is no confidence, and for no bin.
    """
    _check(confidences, right, groups, bins)
    if not confidences:
        return None
    hits = [float(r) for r in right]
    filled, gaps = _binned(confidences, hits, groups, bins)
    return Calibration(
        n=len(hits),
        ece=estimate(gaps, groups),
        n_bins=bins,
        bins=filled,
        brier=estimate([(c - hit) ** 2 for c, hit in zip(confidences, hits, strict=True)], groups),
        auroc=auroc(confidences, right, groups),
        risk_coverage=risk_coverage(confidences, right, groups),
        aurc=aurc(confidences, right, groups),
    )


def _binned(
    confidences: Sequence[float], hits: Sequence[float], groups: Sequence[Hashable | None] | None, bins: int
) -> tuple[tuple[Bin, ...], list[float]]:
    """(the bins that hold answers, each answer's part of the ECE: its gap, with the sign of its bin's)."""
    members: dict[int, list[int]] = {}
    for at, confidence in enumerate(confidences):
        members.setdefault(max(0, math.ceil(confidence * bins) - 1), []).append(at)
    filled, gaps = [], [0.0] * len(hits)
    for place, inside in sorted(members.items()):
        accuracy = estimate([hits[at] for at in inside], groups and [groups[at] for at in inside])
        confidence = math.fsum(confidences[at] for at in inside) / len(inside)
        low, high = place / bins, (place + 1) / bins
        filled.append(Bin(low=low, high=high, n=len(inside), confidence=confidence, accuracy=accuracy))
        sign = math.copysign(1.0, math.fsum(confidences[at] - hits[at] for at in inside))
        for at in inside:
            gaps[at] = sign * (confidences[at] - hits[at])
    return tuple(filled), gaps


def _thinned(curve: Sequence[RiskPoint]) -> list[RiskPoint]:
    """The first point at or beyond every twentieth of the coverage."""
    kept: list[RiskPoint] = []
    for point in curve:
        if not kept or math.floor(point.coverage * _POINTS + 1e-9) > math.floor(kept[-1].coverage * _POINTS + 1e-9):
            kept.append(point)
    return kept


def _check(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None, bins: int
) -> None:
    if len(confidences) != len(right) or (groups is not None and len(groups) != len(right)):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers; one each is needed, as of groups")
    if not all(0 <= confidence <= 1 for confidence in confidences):
        raise ValueError("a confidence lies in [0, 1]")
    if bins < 1:
        raise ValueError(f"at least one bin is needed; got {bins}")
