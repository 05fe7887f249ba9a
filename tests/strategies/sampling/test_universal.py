"""`universal_self_consistency`: which samples are shown, how a pick is read, what happens without one."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError

SAMPLES = {"sample-1": "It is 41.", "sample-2": "So 42.", "sample-3": "42, of course."}


def picking(reply: str, samples: dict[str, str] = SAMPLES) -> FakeProvider:
    """A model that gives these samples and this reply to the request for a pick."""
    return FakeProvider(lambda r: reply if r.role == "selector" else samples[r.role])


def test_the_model_picks_by_number(answer):
    """All samples are asked at once, then shown with numbers and the task; the picked one is the answer."""
    fake = FakeProvider(
        lambda r: "Choice: Response 2" if r.role == "selector" else SAMPLES[r.role], overlapping={0: 3}
    )
    record = answer("universal_self_consistency:n_samples=3", fake)
    (prompt,) = fake.prompts("selector", 1)
    assert [f"Response {i}:\n{SAMPLES[f'sample-{i}']}" in prompt for i in (1, 2, 3)] == [True] * 3
    assert QUESTION in prompt
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["pick"] == 2
    assert record.answer_metadata["vote"]["votes"] == {"42": 2, "41": 1}


def test_only_complete_samples_are_shown(answer):
    """A sample that was cut off is not shown, and the number in the reply counts those that are."""
    samples = {"sample-1": "41…", "sample-2": "", "sample-3": "So 42.", "sample-4": "43"}
    fake = picking("Choice: 1", samples)
    record = answer("universal_self_consistency:n_samples=4", fake)
    (prompt,) = fake.prompts("selector")
    assert "41" not in prompt
    assert record.output == "So 42."
    assert (record.answer_metadata["candidates"], record.answer_metadata["pick"]) == ([3, 4], 3)


@pytest.mark.parametrize("reply", ["I cannot say.", "Choice: 4", "Choice: 1 or 2", "Choice: Response 2…"])
def test_a_pick_that_cannot_be_read_is_an_outcome(answer, reply):
    """Without a readable pick the sample is unscored with the reason, and no sample is chosen instead."""
    record = answer("universal_self_consistency:n_samples=3", picking(reply))
    assert record.outcome == "unscored"
    assert "names none of them (a number from 1 to 3)" in record.error
    assert "fallback=plurality" in record.error
    assert (record.answer_metadata["pick"], record.answer_metadata["unreadable_choices"]) == (None, 1)


def test_a_pick_may_name_the_answer(answer):
    """A reply that names an answer instead of a number picks the first sample that gave it."""
    record = answer("universal_self_consistency:n_samples=3", picking("Most say 42."))
    assert (record.output, record.answer_metadata["pick"]) == ("So 42.", 2)


@pytest.mark.parametrize(
    ("reply", "picked"), [("2", None), ("3", 3), ("1", 1), ("5", 2), ("Choice: 2", 2), ("Response 1 or 2?", None)]
)
def test_a_bare_number_that_may_mean_two_samples_is_not_read(answer, reply, picked):
    """A bare number is a pick unless it is the number of one sample and the answer of another."""
    samples = {"sample-1": "4", "sample-2": "5", "sample-3": "2"}
    record = answer("universal_self_consistency:n_samples=3", picking(reply, samples))
    assert record.answer_metadata["pick"] == picked


def test_plurality_decides_if_it_is_asked_to(answer):
    """With fallback=plurality the most frequent answer decides if the pick cannot be read; the record says so."""
    record = answer("universal_self_consistency:n_samples=3,fallback=plurality", picking("Hm."))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["fallback"] is True


def test_plurality_without_any_answer_is_an_outcome(answer):
    """If no sample has an answer either, the fallback does not help: unscored."""
    samples = dict.fromkeys(SAMPLES, "hm") | {"sample-1": "ah"}
    record = answer("universal_self_consistency:n_samples=3,fallback=plurality", picking("Hm.", samples))
    assert record.outcome == "unscored"


def test_equal_samples_need_no_pick(answer):
    """If all samples are one text, the model is not asked to pick."""
    fake = picking("", dict.fromkeys(SAMPLES, "42"))
    record = answer("universal_self_consistency:n_samples=3", fake)
    assert (record.outcome, record.answer_metadata["pick"], len(fake.requests)) == ("correct", 1, 3)


def test_nothing_complete_is_not_scored(answer):
    """If every sample was cut off, the outcome is truncated and nobody picks."""
    fake = picking("Choice: 1", dict.fromkeys(SAMPLES, "1…"))
    assert answer("universal_self_consistency:n_samples=3", fake).outcome == "truncated"
    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    ("typed", "message"),
    [("n_samples=0", "from 1 to"), ("fallback=first", "one of 'none', 'plurality'"), ("selector=a+b", "one model")],
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """A wrong parameter is refused before anything is asked."""
    with pytest.raises(ParameterError, match=message):
        answer(f"universal_self_consistency:{typed}", picking(""))
