"""The samples of a record as they can vote again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import record

from pytest_hiddenlayer.analysis.votes.stored_samples import stored_question

USAGE = {"input_tokens": 2, "output_tokens": 3}


def asked(*roles: str):
    """A record of two samples and other calls, each of five tokens."""
    calls = [{"role": role, "usage": USAGE, "completion": "1"} for role in ("sample-1", "sample-2", *roles)]
    scores = {f"sample-{i}": {"answer": "1", "score": 1.0, "right": True} for i in (1, 2)}
    made = record("a", 1, transcript=calls, strategy="self_consistency", strategy_params={"n_samples": 2})
    return replace(made, answer_metadata={"sample_scores": scores})


def test_the_tokens_of_every_question_about_a_sample_count():
    """Two confidences that were asked for sample 1 are two calls of five tokens."""
    question = stored_question(asked("confidence-1", "confidence-1", "confidence-2"))
    assert [sample.confidence_tokens for sample in question.samples] == [10, 5]


@pytest.mark.parametrize("scores", [None, 5, {}, {"sample-1": 5, "sample-2": {}}])
def test_a_record_of_another_form_cannot_vote(scores):
    """Scores that are missing or have another form are no samples, and no traceback."""
    assert stored_question(replace(asked(), answer_metadata={"sample_scores": scores})) is None


def test_confidences_of_other_types_are_unknown():
    """Only finite numbers are confidences."""
    ballots = [{"confidences": {"p_true": "high", "margin": 0.5, "entropy": float("nan")}}, 7]
    metadata = {**asked().answer_metadata, "vote": {"samples": ballots}}
    question = stored_question(replace(asked(), answer_metadata=metadata))
    assert question.samples[0].vote.confidences == {"margin": 0.5}
