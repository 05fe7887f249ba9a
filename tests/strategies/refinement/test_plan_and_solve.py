"""`plan_and_solve`: the plan, the solution and the answer alone."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError

SOLUTION = "Plan: multiply. 6*7 is 42. I checked 2 things."


def solving(solution: str = SOLUTION, final: str = "42") -> FakeProvider:
    """A model with this solution, and this answer alone."""
    return FakeProvider(lambda r: final if r.round else solution)


def test_the_answer_is_asked_for_after_the_solution(answer):
    """The second call continues the chat of the first, and its reply is the answer."""
    fake = solving()
    record = answer("plan_and_solve", fake)
    first, second = fake.requests
    assert QUESTION in first.messages[-1].content
    assert [m.role for m in second.messages] == ["user", "assistant", "user"]
    assert second.messages[0] == first.messages[0]
    assert second.messages[1].content == SOLUTION
    assert (record.output, record.outcome) == ("42", "correct")
    assert (record.answer_metadata["solution"], record.answer_metadata["solution_answer"]) == (SOLUTION, "2")


def test_without_extraction_the_solution_is_the_answer(answer):
    """With extract=false there is one call, and the scorer reads the whole solution."""
    fake = solving("Plan: multiply. It is 42.")
    record = answer("plan_and_solve:extract=false", fake)
    assert (record.output, record.outcome, len(fake.requests)) == ("Plan: multiply. It is 42.", "correct", 1)


def test_the_variants_are_worded_differently(answer):
    """PS+ asks for the given quantities and careful calculation; PS does not."""
    plain, plus = solving(), solving()
    answer("plan_and_solve:variant=ps", plain)
    answer("plan_and_solve", plus)
    assert "quantities" not in plain.prompts()[0]
    assert "quantities" in plus.prompts()[0]


@pytest.mark.parametrize(("solution", "outcome"), [("First, I…", "truncated"), ("", "empty")])
def test_an_unusable_solution_is_not_scored(answer, solution, outcome):
    """No answer is extracted from a solution that was cut off or is empty."""
    fake = solving(solution)
    assert answer("plan_and_solve", fake).outcome == outcome
    assert len(fake.requests) == 1


def test_a_wrong_variant_is_refused(answer):
    """A variant that does not exist is refused with those that do."""
    with pytest.raises(ParameterError, match=r"one of 'ps', 'ps\+'"):
        answer("plan_and_solve:variant=ps2", solving())
