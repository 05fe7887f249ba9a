"""What can be read in the reply of a moderator or a judge."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.debate.decisions import Decision, read_decision
from pytest_hiddenlayer.types import Completion, Usage


def decision(text: str, finish_reason: str = "stop") -> Decision:
    """The decision of a reply with this text."""
    return read_decision(
        Completion(text=text, finish_reason=finish_reason, usage=Usage(calls=1), latency_s=0.0, model="m")
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Both are sure.\nAnswer: 42", "42"),
        ("**Answer:** 42 apples", "42 apples"),
        ("`Answer: 42`", "42"),
        ("Final answer = 42", "42"),
        ("Answer:\n42", "42"),
        ("Answer: 41\nNo.\nAnswer: 42", "42"),
        ("Answer: no", "no"),
        ("I think the right answer is 3.5. It is a half more than 3.", "3.5"),
        ("The answer is: 42", "42"),
        ("Answer: incorrect", "incorrect"),
        ('{"preference": "Yes", "Supported Side": "Affirmative", "debate_answer": "42"}', "42"),
        ('Here it is:\n```json\n{"answer": 42}\n```', "42"),
    ],
)
def test_an_answer_is_read_as_models_write_it(text, answer):
    """A line, an object or a sentence has the answer; the last one counts."""
    assert decision(text).answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "Answer: none",
        "Answer: None.",
        '{"answer": ""}',
        '{"answer": null}',
        "The answer is not clear.",
        "Answer: N/A",
    ],
)
def test_no_decision_is_not_unreadable(text):
    """A reply that says that there is no answer yet is read, and decides nothing."""
    assert (decision(text).readable, decision(text).answer) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Both are right.",
        "Answer:",
        '{"answer": ["1", "2"]}',
        '{"answer": 1',
        "__import__('os').getcwd()",
        "{" * 999,
    ],
)
def test_a_reply_without_answer_cannot_be_read(text):
    """Nothing is guessed, and a reply is never run as code."""
    assert decision(text) == Decision(readable=False)


def test_a_truncated_reply_cannot_be_read():
    """`Answer: 4` of a reply that was cut off may be the beginning of 42."""
    assert decision("Answer: 4", "length") == Decision(readable=False)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Side: affirmative\nAnswer: 42", "affirmative"),
        ('{"side": "Negative side", "answer": "42"}', "negative"),
        ("Side: affirmative or negative\nAnswer: 42", None),
        ("Answer: 42", None),
    ],
)
def test_a_side_is_read_if_one_is_named(text, side):
    """A side that is not said, or said of both, is unknown."""
    assert decision(text).side == side


def test_a_long_reply_takes_no_longer_than_its_length():
    """Replies that repeat what a pattern begins with are read."""
    assert decision("\n \n" * 30_000 + "Answer: 1").answer == "1"
    assert decision("{" * 30_000 + "\nAnswer: 2").answer == "2"
