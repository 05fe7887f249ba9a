"""Which call of a record is its answer."""

from __future__ import annotations

import pytest
from support.records import record

from pytest_hiddenlayer.analysis.probing.answer_call import answer_call
from pytest_hiddenlayer.errors import ProbeError
from pytest_hiddenlayer.types import SCORING_CALLS, Message

PROMPT = [{"role": "user", "content": "2 + 2?"}]


def call(completion: str, **changes: object) -> dict[str, object]:
    """One call of a transcript."""
    return {"completion": completion, "messages": "prompt", "model": "m", "finish_reason": "stop"} | changes


def made(*calls: dict[str, object], output: str = "4", scoring: int = 0):
    """A record of these calls, the last ones made by scorers."""
    metadata = {SCORING_CALLS: scoring} if scoring else {}
    return record("a", 1, transcript=calls, output=output, prompt=PROMPT, answer_metadata=metadata)


def test_the_last_call_with_the_output_is_the_answer():
    """Of several calls, the last whose completion is the output is read, and no call of a scorer."""
    found = answer_call(made(call("4"), call("4"), call("5"), call("4"), scoring=1))
    assert found.position == 1
    assert found.messages == (Message(role="user", content="2 + 2?"),)


def test_an_answer_that_the_strategy_composed_is_its_last_call():
    """If no call gave the output, the last one of the strategy is read."""
    assert answer_call(made(call("4."), call("five"), output="so: 4")).position == 1


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ((), "no call was answered"),
        ((call("4", model="judge"),), "by judge, not by the candidate m"),
        ((call("4", reasoning="2 and 2"),), "follows reasoning"),
        ((call(""),), "is empty"),
    ],
)
def test_what_cannot_be_read_again_is_refused(calls, reason):
    """A record without a text that the candidate wrote as a whole says why."""
    with pytest.raises(ProbeError, match=reason):
        answer_call(made(*calls))


def test_a_prompt_that_was_not_recorded_is_refused():
    """Runs of an early version do not say what the model was sent."""
    with pytest.raises(ProbeError, match="earlier version"):
        answer_call(record("a", 1, transcript=[call("o")], prompt=None))
