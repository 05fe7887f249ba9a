"""The confidence of an answer, and the calibration of a cell.

The confidence is the first of these that a record has:

- `answer_metadata["confidence"]`: stated by the strategy, a number in [0, 1];
- the vote share: votes for the given answer divided by all votes (texts without an answer do not
  vote), in the last round of a debate or among the samples of self-consistency. It is 0 if a
  judge gives an answer without any vote;
- for `single`, the mean token probability exp(mean log-probability) of its completion: the
  geometric mean over its tokens, under the model's own distribution at any temperature. It is
  not a probability that the answer is right, but its calibration can be measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...confidence import MEASURES
from ...stats.calibration.calibration import Calibration, calibration
from ...types import Record
from .sample_confidences import has_sample_confidences, within_samples
from .samples import cluster_of

STATED = "stated"
VOTES = "vote share"
TOKENS = "token probability"

MIN_ANSWERS = 10
"""Answers with a confidence that a calibration needs."""


def confidence_of(record: Record) -> float | None:
    """The confidence of an answer in [0, 1]; None if it is unknown."""
    confidence = confidence_and_kind(record)
    return None if confidence is None else confidence[0]


def confidence_kind(record: Record) -> str | None:
    """The kind of an answer's confidence: `stated`, `vote share` or `token probability`; None if it is unknown."""
    confidence = confidence_and_kind(record)
    return None if confidence is None else confidence[1]


def confidence_and_kind(record: Record) -> tuple[float, str] | None:
    """(confidence, kind) of an answer; None if it is unknown."""
    if "confidence" in record.answer_metadata:
        value = _share(record.answer_metadata["confidence"])
        return None if value is None else (value, STATED)
    votes = _votes(record)
    if votes is not None:
        return votes, VOTES
    if record.strategy == "single" and record.transcript:
        # The first call is the answer; a scorer's own calls follow it.
        mean = record.transcript[0].get("mean_logprob")
        if mean is not None:
            return min(1.0, math.exp(mean)), TOKENS
    return None


def cell_calibration(records: Sequence[Record], pass_score: float) -> tuple[Calibration, str] | None:
    """(calibration, kinds of confidence) of a cell's scored answers; None if fewer than 10 have a confidence.

    An answer is right at or above `pass_score`. The epochs of a sample, and the samples of a
    group, are one cluster.
    """
    answers = [
        (record, score >= pass_score, confidence)
        for record in records
        if (score := record.score) is not None and (confidence := confidence_and_kind(record))
    ]
    return answers_calibration(
        [value for _, _, (value, _) in answers],
        [right for _, right, _ in answers],
        [cluster_of(record) for record, _, _ in answers],
        [record.sample_id for record, _, _ in answers],
        {kind for _, _, (_, kind) in answers},
    )


def answers_calibration(
    confidences: Sequence[float], right: Sequence[bool], clusters: Sequence[str], ids: Sequence[str], kinds: set[str]
) -> tuple[Calibration, str] | None:
    """The value of `cell_calibration`, from the columns of the answers that have a confidence."""
    if len(confidences) < MIN_ANSWERS:
        return None
    measured = calibration(confidences, right, clusters, questions=ids)
    assert measured is not None
    return measured, ", ".join(sorted(kinds))


def measure_calibrations(records: Sequence[Record], pass_score: float) -> dict[str, Calibration]:
    """{measure: calibration} of the scored answers, for each measure of confidence that 10 of them have.

    Logarithms of probabilities are calibrated as probabilities. A measure without upper bound has
    neither ECE nor Brier score: only its order counts. If the samples that voted were scored and have the
    measure, WQD is over these samples, else over the epochs' answers.
    """
    scored = [record for record in records if record.confidence and record.score is not None]
    return {
        name: measured
        for name in MEASURES
        if (measured := _measure_calibration(scored, name, pass_score)) is not None
    }


def _measure_calibration(scored: Sequence[Record], name: str, pass_score: float) -> Calibration | None:
    measure = MEASURES[name]
    known = [(record, measure.confidence(record.confidence[name])) for record in scored if name in record.confidence]
    answers = [(record, value) for record, value in known if value is not None]
    if len(answers) < MIN_ANSWERS:
        return None
    measured = calibration(
        [value for _, value in answers],
        [record.score is not None and record.score >= pass_score for record, _ in answers],
        [cluster_of(record) for record, _ in answers],
        questions=[record.sample_id for record, _ in answers],
        bounded=measure.bounded,
    )
    if measured is None or not has_sample_confidences(scored, name):
        return measured
    return replace(measured, wqd=within_samples(scored, name))


def _votes(record: Record) -> float | None:
    """The vote share of the given answer."""
    vote = record.answer_metadata.get("vote", record.answer_metadata.get("final_majority"))
    if vote is None or record.answer is None:
        return None
    votes = vote.get("votes") if isinstance(vote, Mapping) else None
    if not isinstance(votes, Mapping) or not votes:
        return None
    counts: list[Any] = list(votes.values())
    if not all(isinstance(count, int) and count >= 0 for count in counts) or not sum(counts):
        return None
    return float(votes.get(record.answer, 0) / sum(counts))


def _share(value: Any) -> float | None:
    """The value if it is a number in [0, 1], else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)
