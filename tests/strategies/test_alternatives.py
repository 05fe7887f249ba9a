"""A model that repeats the alternatives of the prompt has chosen nothing."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.debate.judging.verdicts import read_choice as read_judge
from pytest_hiddenlayer.strategies.debate.persuasive import _read_best
from pytest_hiddenlayer.strategies.introspection.self_critique import read_verdict as read_critique
from pytest_hiddenlayer.strategies.orchestration.thoughts import read_choice as read_thought
from pytest_hiddenlayer.strategies.sampling.replies import read_choice, read_rating
from pytest_hiddenlayer.strategies.verdicts import read_verdict
from pytest_hiddenlayer.types import Completion, Usage


def reply(text: str) -> Completion:
    """A whole reply."""
    return Completion(text=text, finish_reason="stop", usage=Usage(), latency_s=0.0, model="m", cost_usd=0.0)


@pytest.mark.parametrize(
    "text",
    [
        "Choice: 1 or Choice: 2",
        "Choice: 1\nor\nChoice: 2",
        '"Choice: 1" or "Choice: 2".',
        "Choice: 1 or 2",
        "Choice: 1/2",
    ],
)
def test_repeated_alternatives_are_no_choice(text):
    """The form of the prompt, repeated, is not a vote for the alternative that comes last."""
    assert read_choice(reply(text), 3) is None
    assert read_thought(text, 3) is None
    assert read_judge(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Choice: 2",
        "Choice: 1 or Choice: 2? I say Choice: 2",
        "Choice: 1 seems right. No. Choice: 2",
        "Choice: 2\nChoice: 2",
    ],
)
def test_a_choice_after_the_alternatives_counts(text):
    """What a reply says last is its choice, also if it repeated the alternatives before."""
    assert read_choice(reply(text), 3) == 2
    assert read_thought(text, 3) == 1
    assert read_judge(text) == 2


def test_repeated_verdicts_are_no_verdict():
    """Both verdicts of the prompt are none; one after them counts."""
    assert read_verdict(reply('"Verdict: correct" or "Verdict: incorrect".')) is None
    assert read_verdict(reply("Verdict: correct or Verdict: incorrect? It is wrong. Verdict: incorrect")) is False
    assert read_critique("Verdict: right or Verdict: wrong") is None
    assert read_critique("Verdict: right\nVerdict: wrong") is None
    assert read_critique("Verdict: right or Verdict: wrong?\nThe sum is off. Verdict: wrong") == "wrong"


def test_repeated_ratings_and_selections_are_none():
    """A scale that is repeated is no rating, and two arguments are no best one."""
    assert read_rating(reply("Rating: 1 or Rating: 10"), 1, 10) is None
    assert read_rating(reply("Rating: 1. On reflection Rating: 7"), 1, 10) == 7
    assert _read_best("Best: 1 or Best: 2") is None
    assert _read_best("Best: 1? No, Best: 2") == 2
