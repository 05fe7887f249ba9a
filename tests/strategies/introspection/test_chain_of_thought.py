"""Tests of chain of thought: what the model is asked, and which part of its text is the answer."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

EXACT = f'task: t\nsamples: [{{id: a, input: "{QUESTION}", target: "42"}}]\nscorers: [exact]\n'


def test_the_answer_is_on_the_last_line(answer):
    """Numbers of the steps are not the answer: what follows `Answer:` is, and the steps are kept."""
    fake = FakeProvider(lambda _: "6*7 is 6*5 + 12.\nThat is 42, not 41.\n\n**Answer:** 42\n")
    record = answer("chain_of_thought", fake, task=EXACT)
    (prompt,) = fake.prompts("thinker")
    assert prompt.startswith(QUESTION)
    assert "step by step" in prompt
    assert (record.output, record.outcome) == ("42", "correct")
    assert record.answer_metadata["answer_line"] is True
    assert record.answer_metadata["reasoning"] == "6*7 is 6*5 + 12.\nThat is 42, not 41."


@pytest.mark.parametrize("text", ["It is 42.", "Answer: none", "Answer:"])
def test_without_a_readable_line_the_whole_text_is_scored(answer, text):
    """A model that ignores the form loses nothing: its whole completion is the output."""
    record = answer("chain_of_thought", FakeProvider(lambda _: text))
    assert record.output == text
    assert record.answer_metadata["answer_line"] == (text == "Answer: none")


def test_the_second_call_asks_for_the_answer_alone(answer):
    """With `extract`, the model reads its own steps and its second completion is the output."""
    fake = FakeProvider(lambda request: "six sevens…" if request.role == "thinker" else "42")
    record = answer("chain_of_thought:extract=true", fake)
    assert [message.content for message in fake.requests[1].messages[1:]] == [
        "six sevens…",
        "Therefore, what is the answer? Reply with the answer only.",
    ]
    assert (record.output, record.outcome) == ("42", "correct")
    assert record.answer_metadata == {"reasoning": "six sevens…", "reasoning_complete": False}


def test_truncated_steps_are_no_answer(answer):
    """Without a second call, a truncated text is not scored, even if a number is in it."""
    assert answer("chain_of_thought", FakeProvider(lambda _: "Answer: 42…")).outcome == "truncated"
