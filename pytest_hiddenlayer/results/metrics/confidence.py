"""How sure a strategy was of an answer, and whether that means what it says.

The first of these that a record has:

- `answer_metadata["confidence"]`: what the strategy itself says, a number in [0, 1];
- the vote share of the given answer: votes for it of all votes (texts without an answer do not
  vote), in the last round of a debate or among the samples of self-consistency. A judge that
  gives an answer nobody voted for has 0;
- for `single`, the mean token probability exp(mean log-probability) of its completion: the
  geometric mean over its tokens, under the model's own distribution whatever the temperature.
  It is no probability that the answer is right, but it can be held against one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...stats.calibration.calibration import Calibration, calibration
from ...types import Record

STATED = "stated"
VOTES = "vote share"
TOKENS = "token probability"

LEAST = 10
"""Answers with a confidence below which no calibration is told."""


def confidence_of(record: Record) -> float | None:
    """The confidence of an answer in [0, 1]; None where nothing tells it."""
    found = _found(record)
    return None if found is None else found[0]


def confidence_kind(record: Record) -> str | None:
    """Where an answer's confidence comes from: `stated`, `vote share` or `token probability`."""
    found = _found(record)
    return None if found is None else found[1]


def cell_calibration(records: Sequence[Record], pass_score: float) -> tuple[Calibration, str] | None:
    """(calibration, kinds of confidence) of a cell's scored answers; None for fewer than 10 with a confidence.

    An answer is right at or above `pass_score`. Epochs of a sample, and samples of a group, are
    one cluster.
    """
    told = [
        (record, score >= pass_score, found)
        for record in records
        if (score := record.score) is not None and (found := _found(record))
    ]
    if len(told) < LEAST:
        return None
    groups = [
        f"sample {record.sample_id}" if record.group is None else f"group {record.group}" for record, _, _ in told
    ]
    measured = calibration([value for _, _, (value, _) in told], [right for _, right, _ in told], groups)
    assert measured is not None
    return measured, ", ".join(sorted({kind for _, _, (_, kind) in told}))


def _found(record: Record) -> tuple[float, str] | None:
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


def _votes(record: Record) -> float | None:
    """The share of the votes for the answer that was given."""
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
    """A number in [0, 1]; anything else says nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)
