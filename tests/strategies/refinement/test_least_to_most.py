"""`least_to_most`: the order of the questions, and what each of them reads."""

from __future__ import annotations

from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.types import Request

PLAN = "1. What is 6*5?\n2. What is 6*2?\n3. What is their sum?"


def stepping(plan: str = PLAN, answers: tuple[str, ...] = ("30", "12", "42"), final: str = "So 42.") -> FakeProvider:
    """A model with this list of questions, these answers in order, and this final answer."""

    def reply(request: Request) -> str:
        if request.role == "decomposer":
            return plan
        return (*answers, final)[request.round - 1]

    return FakeProvider(reply)


def test_each_question_reads_the_earlier_answers(answer):
    """Questions are asked in sequence, each with all earlier questions and answers; the task itself is the last."""
    fake = stepping()
    record = answer("least_to_most", fake)
    assert [(r.role, r.round) for r in fake.requests] == [("decomposer", 0)] + [("solver", i) for i in (1, 2, 3, 4)]
    assert QUESTION in fake.prompts("decomposer")[0]
    first, second, third, final = fake.prompts("solver")
    assert "What is 6*5?" in first
    assert "What is 6*2?" not in first
    assert "Question: What is 6*5?\nAnswer: 30" in second
    assert "Question: What is 6*2?\nAnswer: 12" in third
    assert all(text in final for text in (QUESTION, "Answer: 30", "Answer: 12", "Answer: 42"))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["steps"][0] == {"question": "What is 6*5?", "answer": "30"}


def test_no_more_questions_than_asked_for(answer):
    """Of three questions the first max_steps are asked, then the task."""
    fake = stepping(answers=("30", "12"))
    answer("least_to_most:max_steps=2", fake)
    assert "up to 2" in fake.prompts("decomposer")[0]
    assert len(fake.prompts("solver")) == 3


def test_no_questions_are_an_outcome(answer):
    """A reply without a list is unscored with the reply as the reason, and nothing more is asked."""
    fake = stepping("It is too easy to split.")
    record = answer("least_to_most", fake)
    assert record.outcome == "unscored"
    assert "'It is too easy to split.'" in record.error
    assert len(fake.requests) == 1


def test_an_unusable_answer_is_left_out(answer):
    """An answer that was cut off is not shown later, and is counted."""
    fake = stepping(answers=("30, beca…", "12", "42"))
    record = answer("least_to_most", fake)
    assert "beca" not in "".join(fake.prompts("solver"))
    assert (record.outcome, record.answer_metadata["unusable_answers"]) == ("correct", 1)
    assert record.answer_metadata["steps"][0]["answer"] is None


def test_a_final_answer_that_was_cut_off_is_not_scored(answer):
    """A final answer that was cut off is truncated."""
    assert answer("least_to_most", stepping(final="4…")).outcome == "truncated"
