"""Numbers in replies: which response is chosen, and which rating is given."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.sampling.replies import read_choice, read_rating
from pytest_hiddenlayer.types import Completion, Usage


def reply(text: str, finish_reason: str = "stop") -> Completion:
    """A completion with this text."""
    return Completion(text=text, finish_reason=finish_reason, usage=Usage(), latency_s=0.0, model="m", cost_usd=0.0)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Choice: 2", 2),
        ("**Choice: Response 3**", 3),
        ('{"choice": 2}', 2),
        ("Choice: (2).", 2),
        ("Response 1 is wrong. Response 2 is better.\nChoice: 2", 2),
        ("Choice: 1? No.\nChoice: 2", 2),
        ("2", 2),
        ("[2]", 2),
        ("The most consistent response is Response 3.", 3),
        ("Response 3 agrees with most.", 3),
        ("Choice: 2 or 3", None),
        ("Choice: 2, 3", None),
        ("Response 1 and Response 2 agree.", None),
        ("Choice: 4", None),
        ("Choice: 0", None),
        ("Choice: 2.5", None),
        ("The answer is 2.", None),
        ("", None),
    ],
)
def test_a_choice(text, number):
    """A choice is one number of the responses that were shown, plainly chosen; anything else is not read."""
    assert read_choice(reply(text), 3) == number


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("Rating: 7", 7),
        ("Rating: 7.5/10", 7.5),
        ("**Rating:** 10 out of 10", 10),
        ("The score is 3.", 3),
        ("Rating: 2. No, Rating: 8", 8),
        ("It is right. [[10]]", 10),
        ("8/10", 8),
        ("8", 8),
        ("Rating: 11", None),
        ("Rating: 0", None),
        ("Rating: 1-10", None),
        ("Rating: 7/20", None),
        ("Rating: 75%", None),
        ("Rating: a number from 1 to 10", None),
        ("The answer is 7.", None),
        ("", None),
    ],
)
def test_a_rating(text, rating):
    """A rating is a number on the scale that is said to be one; the answer to a task is not."""
    assert read_rating(reply(text), 1, 10) == rating


def test_truncated_replies_are_not_read():
    """`Choice: 1` may be the beginning of 12, and `Rating: 1` of 10."""
    assert read_choice(reply("Choice: 1", "length"), 3) is None
    assert read_rating(reply("Rating: 1", "length"), 1, 10) is None
