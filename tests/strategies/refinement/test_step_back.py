"""`step_back`: the general question, its answer, and the task."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

REPLIES = ("How does one multiply?", "By repeated addition.", "So 42.")


def stepping_back(*replies: str) -> FakeProvider:
    """A model with one reply per step."""
    return FakeProvider(lambda r: replies[r.round])


def test_the_task_is_answered_with_the_principle(answer):
    """The general question is asked of the task, answered without it, and both are shown with the task."""
    fake = stepping_back(*REPLIES)
    record = answer("step_back", fake)
    assert [r.role for r in fake.requests] == ["abstractor", "abstractor", "solver"]
    question, principle, final = fake.prompts()
    assert QUESTION in question
    assert REPLIES[0] in principle
    assert QUESTION not in principle
    assert all(text in final for text in (QUESTION, REPLIES[0], REPLIES[1]))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata == {"question": REPLIES[0], "principle": REPLIES[1], "truncated_replies": 0}


def test_background_that_was_cut_off_is_used_and_counted(answer):
    """Question and principle are free text: what was cut off is still shown, and counted."""
    fake = stepping_back("How does…", "By repeated…", "42")
    record = answer("step_back", fake)
    assert "By repeated…" in fake.prompts("solver")[0]
    assert (record.outcome, record.answer_metadata["truncated_replies"]) == ("correct", 2)


@pytest.mark.parametrize(
    ("principle", "result"), [("It is 6 times 7", "7"), ("It is 6 times 7…", "It is 6 times 7…")]
)
def test_no_result_is_read_in_background_that_was_cut_off(answer, tmp_path, principle, result):
    """The variable `result` of the prompt is an answer in a whole principle only."""
    (tmp_path / "own" / "step_back").mkdir(parents=True)
    (tmp_path / "own" / "step_back" / "answer.txt").write_text("{{ task }} Result: {{ result }}")
    fake = stepping_back(REPLIES[0], principle, REPLIES[2])
    answer("step_back", fake, prompts=tmp_path / "own")
    assert fake.prompts()[-1] == f"{QUESTION} Result: {result}"


def test_empty_background_is_an_outcome(answer):
    """An empty question or principle is unscored with the reason."""
    for replies, calls in ((("", "x", "42"), 1), (("How?", " ", "42"), 2)):
        fake = stepping_back(*replies)
        record = answer("step_back", fake)
        assert record.outcome == "unscored"
        assert "the reply is empty" in record.error
        assert len(fake.requests) == calls
