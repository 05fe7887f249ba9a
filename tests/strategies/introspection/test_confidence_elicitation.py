"""Tests of the strategy that asks for confidence: the second turn, and what the record says of it."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider


def replying(confidence: str) -> FakeProvider:
    return FakeProvider(lambda request: confidence if request.role == "confidence" else "It is 42.")


@pytest.mark.parametrize(
    ("method", "reply", "value"),
    [("verbalized", "90", 0.9), ("verbalized_binary", "No.", 0.0), ("verbalized_binary", "Yes", 1.0)],
)
def test_the_stated_confidence_is_in_the_record(answer, method, reply, value):
    """The second turn follows the answer, and its value is calibrated like that of --hl-confidence."""
    fake = replying(reply)
    record = answer(f"confidence_elicitation:method={method}", fake)
    assert [message.content for message in fake.requests[1].messages[:2]] == [QUESTION, "It is 42."]
    assert record.answer_metadata["elicited_confidence"]["verbalized"] == {"value": value, "reply": reply}
    assert record.confidence == {"verbalized": value}
    assert (record.output, record.outcome) == ("It is 42.", "correct")


def test_an_unreadable_confidence_is_unknown_and_the_answer_stays(answer):
    """A reply without a number is null with its reason; the answer is scored all the same."""
    record = answer("confidence_elicitation", replying("Well."))
    assert record.answer_metadata["elicited_confidence"]["verbalized"]["value"] is None
    assert "not one number" in record.answer_metadata["elicited_confidence"]["verbalized"]["why"]
    assert record.confidence == {}
    assert record.outcome == "correct"


def test_p_true_without_log_probabilities_is_unknown(answer):
    """P(True) of a provider without top log-probabilities says why it is unknown."""
    record = answer("confidence_elicitation:method=p_true", replying("A"))
    assert "no top log-probabilities" in record.answer_metadata["elicited_confidence"]["p_true"]["why"]


def test_a_truncated_answer_is_not_asked_about(answer):
    """No call is spent on the confidence in an answer that is not scored."""
    fake = FakeProvider(lambda _: "It is 4…")
    record = answer("confidence_elicitation", fake)
    assert len(fake.requests) == 1
    assert record.outcome == "truncated"
