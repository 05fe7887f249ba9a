"""The confidences of the samples that voted for an answer: which of two samples of one question is surer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...confidence import MEASURES
from ...stats.calibration.discrimination import within_question
from ...stats.estimate.mean_interval import Estimate
from ...types import SAMPLE_SCORES, Record
from ...usage import strategy_calls
from .samples import cluster_of


def has_sample_confidences(records: Sequence[Record], measure: str) -> bool:
    """Return whether samples of these records were scored and have the measure."""
    return any(True for record in records for _ in _samples(record, measure))


def within_samples(records: Sequence[Record], measure: str) -> Estimate | None:
    """Return WQD over the samples of self-consistency, those of all epochs of a sample together.

    See `within_question`. None if no question has a right and a wrong sample with the measure.
    """
    samples = [(record, right, value) for record in records for right, value in _samples(record, measure)]
    return within_question(
        [value for _, _, value in samples],
        [right for _, right, _ in samples],
        [record.sample_id for record, _, _ in samples],
        [cluster_of(record) for record, _, _ in samples],
    )


def _samples(record: Record, measure: str) -> Iterator[tuple[bool, float]]:
    """(whether a sample is right, its confidence) of each sample that was scored and has the measure."""
    scores = record.answer_metadata.get(SAMPLE_SCORES)
    if not isinstance(scores, Mapping):
        return
    voted = _voted(record, measure)
    for call in strategy_calls(record):
        role = str(call.get("role"))
        scored = scores.get(role)
        right = scored.get("right") if isinstance(scored, Mapping) else None
        value = _confidence(call, measure, voted.get(role))
        if isinstance(right, bool) and value is not None:
            yield right, value


def _confidence(call: Mapping[str, Any], measure: str, voted: float | None) -> float | None:
    measures = call.get("confidence")
    value = measures.get(measure) if isinstance(measures, Mapping) else None
    if value is None and measure == "mean_logprob":
        value = call.get("mean_logprob")
    return MEASURES[measure].confidence(value) if isinstance(value, int | float) else voted


def _voted(record: Record, measure: str) -> dict[str, float]:
    """Role → the confidence that the vote itself used; empty if it did not use this one."""
    vote = record.answer_metadata.get("vote")
    ballots = vote.get("samples") if isinstance(vote, Mapping) else None
    known = {}
    for number, ballot in enumerate(ballots if isinstance(ballots, list) else [], 1):
        confidences = ballot.get("confidences") if isinstance(ballot, Mapping) else None
        value = confidences.get(measure) if isinstance(confidences, Mapping) else None
        if isinstance(value, int | float) and math.isfinite(value):
            known[f"sample-{number}"] = float(value)
    return known
