"""What must hold of every answer, right or wrong."""

import pytest


@pytest.mark.task("commutative.yaml", strategies=["single"])
def test_greedy_answer_is_the_same_twice(evaluate):
    """At temperature 0 the model says the same when asked again."""
    assert evaluate().output == evaluate().output


@pytest.mark.task("commutative.yaml", strategies=["debate"], limit=2)
def test_every_call_is_on_record(evaluate):
    """A debate's transcript holds each call with its tokens, and they add up to the record's."""
    record = evaluate()
    calls = [call["usage"] for call in record.transcript]
    assert len(calls) == record.usage["calls"]
    assert all(usage["input_tokens"] > 0 and usage["output_tokens"] > 0 for usage in calls)
    assert sum(usage["output_tokens"] for usage in calls) == record.usage["output_tokens"]


@pytest.mark.task("commutative.yaml", strategies=["single"], limit=2)
def test_answer_stands_in_the_output(evaluate):
    """The number that is scored was said by the model."""
    record = evaluate()
    assert record.answer in record.output
