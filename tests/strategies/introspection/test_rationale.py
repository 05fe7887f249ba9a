"""Tests of explanations before and after the answer."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("before", "Explanation: Six sevens make 42, as 41 is odd.\nAnswer: 42"),
        ("after", "Answer: 42\nExplanation: Six sevens make 42, as 41 is odd."),
        ("after", "**Answer:** 42\n\n**Explanation:** Six sevens make 42, as 41 is odd."),
        ("before", "Six sevens make 42, as 41 is odd.\n\nFinal answer: 42"),
    ],
)
def test_answer_and_explanation_are_separated(answer, order, text):
    """In either order, with or without the label of the explanation, the metadata has both parts."""
    fake = FakeProvider(lambda _: text)
    record = answer(f"rationale:order={order}", fake)
    assert (record.output, record.outcome) == ("42", "correct")
    assert record.answer_metadata == {
        "order": order,
        "rationale": "Six sevens make 42, as 41 is odd.",
        "stated_answer": "42",
    }


@pytest.mark.parametrize(("order", "first"), [("before", "First explain"), ("after", "First answer")])
def test_the_order_is_asked_for(answer, order, first):
    """The prompt repeats the task and says what comes first."""
    fake = FakeProvider(lambda _: "42")
    record = answer(f"rationale:order={order}", fake)
    (prompt,) = fake.prompts()
    assert prompt.startswith(QUESTION)
    assert first in prompt
    assert record.output == "42"
    assert record.answer_metadata == {"order": order, "rationale": None, "stated_answer": None}
