"""Calibration of confidences, given whether each answer was right."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..estimate.mean_interval import Estimate, estimate
from .discrimination import within_question
from .selective_prediction import RiskPoint, aurc, auroc, risk_coverage

_POINTS = 20
"""Points of a risk–coverage curve in JSON output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Answers whose confidence lies in (low, high]; the first bin includes 0."""

    low: float
    high: float
    n: int
    confidence: float  # mean
    accuracy: Estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """How well confidences match accuracy."""

    n: int
    ece: Estimate | None  # expected calibration error over equal-width bins; None: confidences are not in [0, 1]
    n_bins: int  # including empty ones
    bins: tuple[Bin, ...]  # without empty ones
    brier: Estimate | None  # mean squared distance between confidence and 0/1; None as for `ece`
    auroc: Estimate | None  # see `auroc`; None: all right or all wrong
    risk_coverage: tuple[RiskPoint, ...]  # most confident first
    aurc: Estimate  # mean risk over all coverages; 0 is best
    wqd: Estimate | None = None  # see `within_question`; None: no question has a right and a wrong answer

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a long risk–coverage curve has one point per twentieth of coverage."""
        values = asdict(self)
        values["binning"] = "equal width"
        values["risk_coverage"] = [asdict(point) for point in _thinned(self.risk_coverage)]
        return values


def calibration(
    confidences: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[Hashable | None] | None = None,
    *,
    bins: int = 10,
    questions: Sequence[Hashable] | None = None,
    bounded: bool = True,
) -> Calibration | None:
    """The calibration of these answers, with standard errors over clusters; None if there are no answers.

    ECE: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, over `bins`
    bins of equal width. It has no interval: a mean of absolute gaps is biased upwards, and its
    usual 95 % interval contains the true value of a calibrated model in 39 to 46 % of samples,
    however many answers there are. Brier 1950,
    "Verification of Forecasts Expressed in Terms of Probability", for one class: the squared
    distance, from 0 to 1. AUROC and risk–coverage: see `selective_prediction.py`. `questions` say which
    answers are to one question, for `within_question`. Without `bounded`, confidences may be any
    finite numbers, of which only the order counts: there is neither ECE nor Brier score. Raises
    ValueError for unequal lengths, a confidence outside [0, 1], or fewer than one bin.
    """
    _check(confidences, right, groups, bins, bounded=bounded)
    if not confidences:
        return None
    hits = [float(r) for r in right]
    filled, gaps = _binned(confidences, hits, groups, bins) if bounded else ((), [])
    squares = [(c - hit) ** 2 for c, hit in zip(confidences, hits, strict=True)] if bounded else []
    return Calibration(
        n=len(hits),
        ece=_ece(gaps) if bounded else None,
        n_bins=bins,
        bins=filled,
        brier=estimate(squares, groups) if bounded else None,
        auroc=auroc(confidences, right, groups),
        risk_coverage=risk_coverage(confidences, right, groups),
        aurc=aurc(confidences, right, groups),
        wqd=None if questions is None else within_question(confidences, right, questions, groups),
    )


def _ece(gaps: Sequence[float]) -> Estimate:
    why = "no interval: biased upwards, above all for few answers"
    return Estimate(n=len(gaps), mean=math.fsum(gaps) / len(gaps), stderr=None, ci95=None, method=why)


def _binned(
    confidences: Sequence[float], hits: Sequence[float], groups: Sequence[Hashable | None] | None, bins: int
) -> tuple[tuple[Bin, ...], list[float]]:
    """(the bins that hold answers, each answer's part of the ECE: its gap, with the sign of its bin's gap)."""
    members: dict[int, list[int]] = {}
    for index, confidence in enumerate(confidences):
        members.setdefault(max(0, math.ceil(confidence * bins) - 1), []).append(index)
    filled, gaps = [], [0.0] * len(hits)
    for number, indices in sorted(members.items()):
        accuracy = estimate([hits[index] for index in indices], groups and [groups[index] for index in indices])
        confidence = math.fsum(confidences[index] for index in indices) / len(indices)
        low, high = number / bins, (number + 1) / bins
        filled.append(Bin(low=low, high=high, n=len(indices), confidence=confidence, accuracy=accuracy))
        sign = math.copysign(1.0, math.fsum(confidences[index] - hits[index] for index in indices))
        for index in indices:
            gaps[index] = sign * (confidences[index] - hits[index])
    return tuple(filled), gaps


def _thinned(curve: Sequence[RiskPoint]) -> list[RiskPoint]:
    """The first point at or after every twentieth of coverage."""
    thinned: list[RiskPoint] = []
    for point in curve:
        if not thinned or math.floor(point.coverage * _POINTS + 1e-9) > math.floor(
            thinned[-1].coverage * _POINTS + 1e-9
        ):
            thinned.append(point)
    return thinned


def _check(
    confidences: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[Hashable | None] | None,
    bins: int,
    *,
    bounded: bool,
) -> None:
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers; every answer needs one")
    if groups is not None and len(groups) != len(right):
        raise ValueError(f"{len(groups)} groups for {len(right)} answers; every answer needs one")
    if not bounded and not all(map(math.isfinite, confidences)):
        raise ValueError("confidences must be finite")
    if bounded and not all(0 <= confidence <= 1 for confidence in confidences):
        raise ValueError("confidences must lie in [0, 1]")
    if bins < 1:
        raise ValueError(f"at least one bin is needed; got {bins}")
