"""`reflexion`: the signal, the memory, and the end of the trials."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, TASK, FakeProvider

from pytest_hiddenlayer.errors import ParameterError, UsageError
from pytest_hiddenlayer.strategies.verdicts import read_verdict
from pytest_hiddenlayer.types import Completion, Request, Usage

SIGNAL = TASK.replace("scorers: [numeric]", "scorers: [numeric, {pattern: {pattern: '^So ', as: says_so}}]")


def trying(answers: list[str], verdicts: list[str]) -> FakeProvider:
    """A model with one answer and one verdict per trial; its notes are numbered."""

    def reply(request: Request) -> str:
        if request.role == "reflector":
            return f"Note {request.round}."
        return (answers if request.role == "agent-1" else verdicts)[request.round]

    return FakeProvider(reply)


def test_a_failed_trial_is_reflected_and_repeated(answer):
    """The evaluator sees task and answer, the reflector its words too, and the next trial only the notes."""
    fake = trying(["It is 41.", "It is 42."], ["Six sevens are more.\nVerdict: incorrect", "Verdict: correct"])
    record = answer("reflexion", fake)
    assert [(r.role, r.round) for r in fake.requests] == [
        ("agent-1", 0),
        ("evaluator", 0),
        ("reflector", 0),
        ("agent-1", 1),
        ("evaluator", 1),
    ]
    assert all(text in fake.prompts("evaluator", 0)[0] for text in (QUESTION, "It is 41."))
    assert all(text in fake.prompts("reflector")[0] for text in (QUESTION, "It is 41.", "Six sevens are more."))
    (retry,) = fake.prompts("agent-1", 1)
    assert "Note 0." in retry
    assert "41" not in retry
    assert (record.output, record.outcome) == ("It is 42.", "correct")
    assert record.answer_metadata["stopped"] == "success"
    assert [trial["success"] for trial in record.answer_metadata["trials"]] == [False, True]


def test_a_trial_reads_the_last_notes(answer):
    """With memory=2 the fourth trial reads the notes of the second and the third, oldest first."""
    fake = trying(["1"] * 4, ["Verdict: incorrect"] * 4)
    record = answer("reflexion:max_trials=4,memory=2", fake)
    (retry,) = fake.prompts("agent-1", 3)
    assert "Note 0." not in retry
    assert retry.index("Note 1.") < retry.index("Note 2.")
    assert record.answer_metadata["stopped"] == "max_trials"
    assert record.answer_metadata["reflections"] == ["Note 0.", "Note 1.", "Note 2."]
    assert record.outcome == "incorrect"


def test_a_scorer_without_target_decides(answer):
    """With scorer=NAME the score decides, no evaluator is asked, and the reflection reads the score."""
    fake = trying(["It is 42.", "So 41."], [])
    record = answer("reflexion:scorer=says_so", fake, task=SIGNAL)
    assert [r.role for r in fake.requests] == ["agent-1", "reflector", "agent-1"]
    assert "a score of 0 of 1" in fake.prompts("reflector")[0]
    assert (record.output, record.outcome) == ("So 41.", "incorrect")
    assert [trial["score"] for trial in record.answer_metadata["trials"]] == [0.0, 1.0]


def test_nothing_tells_a_trial_the_right_answer(answer):
    """No call of a run sees the target, whether the trials succeed or not."""
    fake = trying(["1", "2", "3"], ["Verdict: incorrect"] * 3)
    answer("reflexion:max_trials=3", fake, task=TASK.replace("42", "123456"))
    assert all("123456" not in message.content for r in fake.requests for message in r.messages)


@pytest.mark.parametrize("name", ["numeric", "says_soo"])
def test_a_scorer_that_cannot_be_used_is_refused_before_anything_is_asked(answer, name):
    """A score that needs the target, or does not exist, is an error before the first call."""
    fake = trying(["42"], [])
    with pytest.raises(UsageError, match="asks for the score"):
        answer(f"reflexion:scorer={name}", fake, task=SIGNAL)
    assert fake.requests == []


@pytest.mark.parametrize("verdict", ["Well.", "Verdict: correct or incorrect", "Verdict: correct…"])
def test_a_check_that_cannot_be_read_is_an_outcome(answer, verdict):
    """An unreadable check is neither success nor failure: unscored, with the reply as the reason."""
    record = answer("reflexion", trying(["42"], [verdict]))
    assert record.outcome == "unscored"
    assert "none can be read" in record.error
    assert verdict in record.error
    assert (record.answer_metadata["stopped"], record.answer_metadata["unreadable_verdicts"]) == ("unreadable", 1)


def test_an_answer_that_was_cut_off_is_a_failed_trial(answer):
    """A trial that was cut off fails without a check; the last one is truncated if it was."""
    fake = trying(["4…", "42"], ["", "Verdict: correct"])
    assert answer("reflexion", fake).outcome == "correct"
    assert "It was cut off." in fake.prompts("reflector")[0]
    assert answer("reflexion:max_trials=2", trying(["4…", "5…"], [])).outcome == "truncated"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Verdict: correct", True),
        ("**Verdict:** Incorrect.", False),
        ("Verdict: not correct", False),
        ("Verdict: correct? No.\nVerdict: incorrect", False),
        ("No, it is 42.", False),
        ("Correct.", True),
        ("The right answer is 42. The answer says 41: wrong. Answer: no", False),
        ("The answer is correct.", True),
        ("Verdict: correct / incorrect", None),
        ("It could be better.", None),
        ("", None),
    ],
)
def test_what_counts_as_a_verdict(text, verdict):
    """The last plain verdict decides; a text without one has none."""
    completion = Completion(text=text, finish_reason="stop", usage=Usage(), latency_s=0.0, model="m", cost_usd=0.0)
    assert read_verdict(completion) is verdict


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("max_trials=0", "from 1"),
        ("memory=0", "from 1"),
        ("pass_at=0.5", "write scorer=NAME"),
        ("scorer=says_so,evaluator=mlx", "leave out one of them"),
    ],
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """A wrong parameter, or two that contradict each other, is refused with what to write."""
    with pytest.raises(ParameterError, match=message):
        answer(f"reflexion:{typed}", trying([], []), task=SIGNAL)
