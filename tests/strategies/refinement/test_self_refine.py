"""`self_refine`: who sees what, and what ends the loop."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, TASK, FakeProvider

from pytest_hiddenlayer.errors import ParameterError
from pytest_hiddenlayer.strategies.refinement.self_refine import says


def refining(answers: list[str], feedback: list[str]) -> FakeProvider:
    """A model with one answer per round, and the feedback on each."""
    return FakeProvider(lambda r: feedback[r.round - 1] if r.role == "critic" else answers[r.round])


def test_feedback_and_refinement_take_turns(answer):
    """Feedback reads the last answer, a refinement the whole history, and a stop phrase ends the loop."""
    fake = refining(["It is 40.", "It is 41.", "It is 42."], ["Too low.", "Still too low.", "It is correct."])
    record = answer("self_refine", fake)
    assert [(r.role, r.round) for r in fake.requests] == [
        ("agent-1", 0),
        ("critic", 1),
        ("agent-1", 1),
        ("critic", 2),
        ("agent-1", 2),
        ("critic", 3),
    ]
    assert QUESTION in fake.prompts("critic", 2)[0]
    assert "It is 41." in fake.prompts("critic", 2)[0]
    assert "It is 40." not in fake.prompts("critic", 2)[0]
    (last,) = fake.prompts("agent-1", 2)
    assert all(text in last for text in ("It is 40.", "Too low.", "It is 41.", "Still too low.", QUESTION))
    assert (record.output, record.outcome) == ("It is 42.", "correct")
    assert record.answer_metadata["attempts"] == ["40", "41", "42"]
    assert record.answer_metadata["stopped"] == "correct"
    assert [score["right"] for score in record.answer_metadata["round_scores"]["agent-1"].values()] == [
        False,
        False,
        True,
    ]


def test_the_loop_ends_after_max_attempts(answer):
    """After max_attempts rounds of feedback the last refinement is the answer, whatever it is."""
    fake = FakeProvider(lambda r: "Wrong." if r.role == "critic" else f"It is {r.round}.")
    record = answer("self_refine:max_attempts=2", fake)
    assert (record.output, len(fake.requests)) == ("It is 2.", 5)
    assert (record.answer_metadata["stopped"], record.answer_metadata["n_feedback"]) == ("max_attempts", 2)


def test_the_first_answer_is_greedy_and_feedback_is_not(answer):
    """Temperatures are those of the reference: 0, then 0.7; the task's own precedes both."""
    fake = refining(["41", "42"], ["No.", "It is correct."])
    answer("self_refine", fake)
    assert [r.params.temperature for r in fake.requests] == [0.0, 0.7, 0.7, 0.7]
    fake = refining(["42"], ["It is correct."])
    answer("self_refine", fake, task=TASK + "generate: {temperature: 0.3}\n")
    assert [r.params.temperature for r in fake.requests] == [0.3, 0.3]


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("It is correct.", True),
        ("**It is correct!**", True),
        ("I checked it. It is correct", True),
        ("Yes, the answer is correct.", True),
        ("The right answer is 42. Answer: yes", True),
        ("It is not correct.", False),
        ("It is correct, but too long.", False),
        ("I doubt that it is correct.", False),
        ("If it is correct, keep it.", False),
        ("Is it correct?", False),
        ("It is correctable.", False),
        ("Everything looks good.", False),
    ],
)
def test_what_counts_as_the_stop_phrase(text, stops):
    """The phrase stops the loop as a statement of its own, not denied, doubted or with a reservation."""
    assert says(text, "it is correct") is stops


def test_the_stop_phrase_can_be_set(answer):
    """Another phrase is asked for in the prompt and read in the reply."""
    fake = refining(["42"], ["PERFECT"])
    record = answer("self_refine:stop_phrase=perfect", fake)
    assert "reply only: perfect" in fake.prompts("critic")[0]
    assert record.answer_metadata["stopped"] == "correct"


@pytest.mark.parametrize("refined", ["I think 7…", ""])
def test_an_unusable_refinement_ends_the_loop(answer, refined):
    """A refinement that was cut off or is empty is no answer: the one before it is, and the record says so."""
    record = answer("self_refine", refining(["It is 42.", refined], ["Hm."]))
    assert (record.output, record.outcome) == ("It is 42.", "correct")
    assert record.answer_metadata["stopped"] == "unusable"
    assert record.answer_metadata["truncated_replies"] == int(refined.endswith("…"))


def test_feedback_that_was_cut_off_is_used_and_counted(answer):
    """Feedback is free text: the refinement reads it although it was cut off. Empty feedback ends the loop."""
    fake = refining(["41", "42"], ["Add one…", ""])
    record = answer("self_refine", fake)
    assert "Add one…" in fake.prompts("agent-1", 1)[0]
    assert (record.output, record.answer_metadata["truncated_replies"]) == ("42", 1)
    assert record.answer_metadata["stopped"] == "unusable"


def test_a_first_answer_that_was_cut_off_is_not_scored(answer):
    """Without a complete first answer nothing is refined, and the outcome is truncated."""
    fake = refining(["4…"], [])
    assert answer("self_refine", fake).outcome == "truncated"
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("typed", "message"), [("max_attempts=0", "from 1"), ("critic=a+b", "one model"), ("stop_phrase=.", "a word")]
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """A wrong parameter is refused before anything is asked."""
    with pytest.raises(ParameterError, match=message):
        answer(f"self_refine:{typed}", refining([], []))
