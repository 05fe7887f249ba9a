"""`chain_of_verification`: questions are answered alone, and the final answer reads them all."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.types import Request


def verifying(plan: str, answers: dict[str, str], final: str = "So 42.", baseline: str = "It is 41.") -> FakeProvider:
    """A model with this baseline, list of questions, answers by verifier, and final answer."""

    def reply(request: Request) -> str:
        if request.role == "agent-1":
            return final if request.round else baseline
        return plan if request.role == "planner" else answers[request.role]

    return FakeProvider(reply)


PLAN = "1. What is 6*6?\n2. What is 36+6?"
ANSWERS = {"verifier-1": "36.", "verifier-2": "42."}


def test_questions_are_answered_alone(answer):
    """Planner: task and answer. Verifiers: one question each, without the baseline. Final answer: everything."""
    fake = verifying(PLAN, ANSWERS)
    record = answer("chain_of_verification", fake)
    assert [r.role for r in fake.requests] == ["agent-1", "planner", "verifier-1", "verifier-2", "agent-1"]
    assert all(text in fake.prompts("planner")[0] for text in (QUESTION, "It is 41."))
    assert fake.prompts("verifier-.") == ["What is 6*6?", "What is 36+6?"]
    (final,) = fake.prompts("agent-1", 1)
    assert all(text in final for text in (QUESTION, "It is 41.", "What is 6*6? 36.", "What is 36+6? 42."))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert (record.answer_metadata["baseline"], record.answer_metadata["changed"]) == ("41", True)
    assert record.answer_metadata["questions"][1] == {"question": "What is 36+6?", "answer": "42."}


def test_questions_are_answered_at_once(answer):
    """No verifier waits for another."""
    fake = verifying(PLAN, ANSWERS)
    waiting = FakeProvider(fake.reply)
    waiting.overlapping = {0: 2}

    class Verifiers(FakeProvider):
        async def complete(self, request: Request):
            return await (waiting if request.role.startswith("verifier") else fake).complete(request)

    assert answer("chain_of_verification", Verifiers(fake.reply)).outcome == "correct"
    assert len(waiting.requests) == 2


def test_no_more_questions_than_asked_for(answer):
    """Of four questions the first max_questions are answered; the prompt says how many."""
    plan = "\n".join(f"{i}. Is it {i}?" for i in range(1, 5))
    fake = verifying(plan, ANSWERS)
    answer("chain_of_verification:max_questions=2", fake)
    assert "up to 2" in fake.prompts("planner")[0]
    assert fake.prompts("verifier-.") == ["Is it 1?", "Is it 2?"]


def test_equal_questions_are_asked_once(answer):
    """A model that repeats a question does not spend a call on each repetition."""
    fake = verifying("1. Is it 42?\n2. Is it 42?\n3. Is it 41?", ANSWERS)
    answer("chain_of_verification", fake)
    assert fake.prompts("verifier-.") == ["Is it 42?", "Is it 41?"]


def test_plain_questions_are_a_list(answer):
    """A reply of questions only is read without numbers; the last of a list that was cut off is left out."""
    fake = verifying("Is 6*7 equal to 42?", ANSWERS)
    answer("chain_of_verification", fake)
    assert fake.prompts("verifier-.") == ["Is 6*7 equal to 42?"]
    fake = verifying("Is 6*7 equal to 42? Is it 41?\n?!", ANSWERS)
    answer("chain_of_verification", fake)
    assert fake.prompts("verifier-.") == ["Is 6*7 equal to 42?", "Is it 41?"]
    fake = verifying("1. What is 6*6?\n2. What is…", ANSWERS)
    answer("chain_of_verification", fake)
    assert fake.prompts("verifier-.") == ["What is 6*6?"]


def test_no_questions_are_an_outcome(answer):
    """A plan without questions is unscored with the reply; the baseline is not taken for verified."""
    fake = verifying("I am sure of it.", {})
    record = answer("chain_of_verification", fake)
    assert record.outcome == "unscored"
    assert "questions that check an answer, but the reply has none: 'I am sure of it.'" in record.error
    assert len(fake.requests) == 2


def test_an_unusable_answer_is_shown_as_none(answer):
    """An answer to a question that was cut off is shown as no answer and counted; if all are, nothing is verified."""
    fake = verifying(PLAN, {"verifier-1": "36, beca…", "verifier-2": "42."})
    record = answer("chain_of_verification", fake)
    assert "What is 6*6? (no answer)" in fake.prompts("agent-1", 1)[0]
    assert (record.outcome, record.answer_metadata["unusable_answers"]) == ("correct", 1)
    none = answer("chain_of_verification", verifying(PLAN, {"verifier-1": "", "verifier-2": "4…"}))
    assert (none.outcome, none.answer_metadata["unusable_answers"]) == ("unscored", 2)


@pytest.mark.parametrize(("baseline", "final"), [("4…", "42"), ("41", "4…")])
def test_answers_that_were_cut_off_are_not_scored(answer, baseline, final):
    """A baseline or a final answer that was cut off is truncated."""
    assert answer("chain_of_verification", verifying(PLAN, ANSWERS, final, baseline)).outcome == "truncated"
