"""WQD over the samples of self-consistency, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import record

from pytest_hiddenlayer.results.metrics.confidence import measure_calibrations
from pytest_hiddenlayer.results.metrics.sample_confidences import has_sample_confidences, within_samples

USAGE = {"input_tokens": 1, "output_tokens": 1}


def voted(name: str, *samples: tuple[bool | None, float | None], epoch: int = 1, **changes: object):
    """A record whose samples are (right, margin)."""
    transcript = [
        {"role": f"sample-{i}", "usage": USAGE, **({} if margin is None else {"confidence": {"margin": margin}})}
        for i, (_, margin) in enumerate(samples, 1)
    ]
    scores = {f"sample-{i}": {"score": None, "right": right} for i, (right, _) in enumerate(samples, 1)}
    made = record(name, 1.0, epoch=epoch, transcript=transcript, confidence={"margin": 0.5})
    return replace(made, answer_metadata={"sample_scores": scores, **changes})


def test_right_samples_are_compared_with_wrong_ones_of_their_question():
    """Question a: 0.9 beats 0.2 and ties with 0.9; question b has no wrong sample. (1 + 1/2) of 2 pairs."""
    records = [voted("a", (True, 0.9), (False, 0.2), (False, 0.9)), voted("b", (True, 0.1), (True, 0.3))]
    found = within_samples(records, "margin")
    assert (found.mean, found.n) == (0.75, 1)


def test_epochs_of_a_sample_are_one_question():
    """A right sample of one epoch and a wrong one of another are a pair."""
    records = [voted("a", (True, 0.4)), voted("a", (False, 0.6), epoch=2)]
    assert within_samples(records, "margin").mean == 0.0


def test_samples_without_score_or_confidence_do_not_count():
    """Incomplete samples, and those whose confidence is unknown, are in no pair."""
    records = [voted("a", (True, 0.9), (None, 0.1), (False, None))]
    assert has_sample_confidences(records, "margin")
    assert within_samples(records, "margin") is None


def test_the_confidence_of_a_vote_is_used():
    """P(True) is not a measure of the tokens: the vote keeps it per sample."""
    ballots = [{"answer": "1", "confidences": {"p_true": 0.8}}, {"answer": "2", "confidences": {"p_true": 0.3}}]
    records = [voted("a", (True, None), (False, None), vote={"samples": ballots})]
    assert within_samples(records, "p_true").mean == 1.0


def test_the_calibration_of_a_cell_has_it():
    """WQD of a cell is over samples, although each question has a single, right answer."""
    records = [voted(str(i), (True, 0.9), (False, 0.2)) for i in range(12)]
    assert measure_calibrations(records, 1.0)["margin"].wqd.mean == 1.0
    assert measure_calibrations([replace(one, answer_metadata={}) for one in records], 1.0)["margin"].wqd is None


@pytest.mark.parametrize("damage", [5, [], {"sample-1": 3}, {"sample-1": {"right": "yes"}}, {"sample-1": {}}])
def test_damaged_metadata_is_left_out(damage):
    """Metadata of other types than this package writes is no sample."""
    one = voted("a", (True, 0.9), (False, 0.2))
    damaged = replace(one, answer_metadata={"sample_scores": damage, "vote": {"samples": [3, {"confidences": 5}]}})
    assert not has_sample_confidences([damaged], "margin")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"mean_logprob": -0.5}, 1.0),
        ({"mean_logprob": -0.5, "confidence": {"mean_logprob": -3.0}}, 0.0),
        ({"confidence": {"margin": 0.9}}, None),
    ],
)
def test_the_mean_logprob_of_an_earlier_run_is_read(call: dict[str, object], expected: float | None):
    """Earlier records have it next to the call's measures; where both are, that of the measures counts."""
    calls = [{"role": "sample-1", "usage": USAGE, **call}]
    calls.append({"role": "sample-2", "usage": USAGE, "confidence": {"mean_logprob": -1.0, "margin": 0.1}})
    scores = {"sample-1": {"right": True}, "sample-2": {"right": False}}
    one = record("a", 1.0, transcript=calls, answer_metadata={"sample_scores": scores})
    found = within_samples([one], "mean_logprob")
    assert (found and found.mean) == expected
    margin = within_samples([one], "margin")
    assert (margin and margin.mean) == (1.0 if "margin" in str(call) else None)
