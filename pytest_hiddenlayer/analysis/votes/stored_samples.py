"""Reads the samples of a record: answers, scores, confidences and tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...confidence import token_measures
from ...strategies.votes.confidences import confidences_of
from ...strategies.votes.decision import VoteSample
from ...types import RECORDED, SAMPLE_SCORES, Record
from ...usage import strategy_calls
from .sample_curves import has_texts


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSample:
    """One sample as it can vote again."""

    vote: VoteSample
    score: float | None  # by the headline scorer; None: not scored
    tokens: int | None  # input and output; None: the provider did not report them
    confidence_tokens: int | None  # of the calls that asked how sure the model is


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredQuestion:
    """One record with its samples, in the order in which they were asked."""

    record: Record
    samples: tuple[StoredSample, ...]


def stored_question(record: Record) -> StoredQuestion | None:
    """Returns the samples of a record; None if it has no complete set of samples that could vote again."""
    scores = record.answer_metadata.get(SAMPLE_SCORES)
    calls: dict[str, list[Mapping[str, Any]]] = {}
    for call in strategy_calls(record):
        calls.setdefault(call.get("role", ""), []).append(call)
    roles = [role for role in calls if _number(role)]
    expected = record.strategy_params.get("n_samples", len(roles))
    if not isinstance(scores, Mapping) or not roles or len(roles) != expected or not has_texts(record):
        return None
    if not all(isinstance(scores.get(role), Mapping) for role in roles):
        return None
    ordered = sorted(roles, key=lambda role: _number(role))
    samples = tuple(_sample(record, calls, scores[role], role, i) for i, role in enumerate(ordered))
    return StoredQuestion(record=record, samples=samples)


def _number(role: str) -> int:
    """The number of a sample's role; 0 for another role."""
    number = role.removeprefix("sample-")
    return int(number) if number != role and re.fullmatch(r"[0-9]{1,9}", number) else 0


def _sample(
    record: Record, calls: Mapping[str, Sequence[Mapping[str, Any]]], scored: Mapping[str, Any], role: str, index: int
) -> StoredSample:
    call = calls[role][-1]
    score = scored.get("score")
    is_output = call["completion"] == record.output and record.strategy != RECORDED
    if score is None and scored.get("answer") is not None and is_output:
        score = record.score
    asked = [_tokens(call) for call in calls.get(f"confidence-{index + 1}", ())]  # one per measure
    return StoredSample(
        vote=VoteSample(answer=scored.get("answer"), confidences=_confidences(record, call, index)),
        score=score,
        tokens=_tokens(call),
        confidence_tokens=None if None in asked else sum(count for count in asked if count is not None),
    )


def _confidences(record: Record, call: Mapping[str, Any], index: int) -> dict[str, float]:
    """What is known of a sample: measured when it was asked, or from the log-probabilities of its tokens."""
    measures: dict[str, float] = {}
    if call.get("mean_logprob") is not None:
        measures["mean_logprob"] = call["mean_logprob"]
    logprobs = [value for _, value in call.get("token_logprobs") or ()]
    if logprobs and None not in logprobs:
        measures |= token_measures(logprobs, None)
    measures |= dict(call.get("confidence") or {})
    return confidences_of(measures) | _voted_confidences(record, index)


def _voted_confidences(record: Record, index: int) -> dict[str, float]:
    """The confidences that weighted this sample's vote; empty without weights, or if the record was shortened."""
    vote = record.answer_metadata.get("vote")
    ballots = vote.get("samples") if isinstance(vote, Mapping) else None
    ballot = ballots[index] if isinstance(ballots, list) and index < len(ballots) else None
    known = ballot.get("confidences") if isinstance(ballot, Mapping) else None
    known = known if isinstance(known, Mapping) else {}
    return {name: value for name, value in known.items() if isinstance(value, int | float) and math.isfinite(value)}


def _tokens(call: Mapping[str, Any]) -> int | None:
    counts = [call["usage"].get(name) for name in ("input_tokens", "output_tokens")]
    return None if None in counts else sum(count for count in counts if count is not None)
