"""`best_of_n`: who rates what, and which sample wins."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, TASK, FakeProvider

from pytest_hiddenlayer.errors import ParameterError, UsageError

SAMPLES = {"sample-1": "It is 41.", "sample-2": "So 42.", "sample-3": "Or 43."}
DIGITS = TASK.replace("scorers: [numeric]", "scorers: [numeric, {pattern: {pattern: 'So', as: says_so}}]")


def sampler(samples: dict[str, str] = SAMPLES) -> FakeProvider:
    """A model that gives these samples."""
    return FakeProvider(lambda r: samples[r.role], overlapping={0: len(samples)})


def rater(ratings: dict[str, str]) -> FakeProvider:
    """A judge that gives these ratings, by the text of a sample."""
    return FakeProvider(
        lambda r: next(rating for text, rating in ratings.items() if text in r.messages[-1].content),
        overlapping={1: len(ratings)},
    )


def test_the_judge_rates_every_sample_alone(answer):
    """The run's judge sees the task and one sample per call, all at once; the highest rating wins."""
    fake, judge = sampler(), rater({"41": "Rating: 2", "42": "Rating: 9/10", "43": "Rating: 3"})
    record = answer("best_of_n:n_samples=3", fake, judge)
    assert [r.role for r in fake.requests] == ["sample-1", "sample-2", "sample-3"]
    for i, prompt in enumerate(judge.prompts(), 1):
        assert QUESTION in prompt
        assert [text in prompt for text in SAMPLES.values()] == [i == 1, i == 2, i == 3]
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["ratings"] == {"1": 2.0, "2": 9.0, "3": 3.0}
    assert record.answer_metadata["pick"] == 2


def test_ties_go_to_the_sample_seen_first(answer):
    """Of two samples with the same rating the first wins, and the record marks the tie."""
    record = answer("best_of_n:n_samples=3", sampler(), rater({"41": "Rating: 2", "42": "8", "43": "8"}))
    assert (record.output, record.answer_metadata["tie"]) == ("So 42.", True)


def test_a_rating_that_cannot_be_read_is_unknown(answer):
    """An unreadable rating counts for nobody: a sample with the lowest known one wins against it."""
    record = answer("best_of_n:n_samples=3", sampler(), rater({"41": "Well…", "42": "Rating: 1", "43": "great"}))
    assert record.output == "So 42."
    assert record.answer_metadata["ratings"] == {"1": None, "2": 1.0, "3": None}
    assert record.answer_metadata["unreadable_ratings"] == 2


def test_a_plain_verdict_is_the_end_of_the_scale(answer):
    """A judge that says only whether a sample is correct gives it the highest or the lowest rating."""
    judge = rater({"41": "Answer: no", "42": "The answer is correct.", "43": "No, it is wrong."})
    record = answer("best_of_n:n_samples=3", sampler(), judge)
    assert record.answer_metadata["ratings"] == {"1": 1.0, "2": 10.0, "3": 1.0}


def test_no_readable_rating_is_an_outcome(answer):
    """Without a readable rating nothing is chosen: unscored, with a reply as the reason."""
    record = answer("best_of_n:n_samples=3", sampler(), rater(dict.fromkeys(("41", "42", "43"), "fine")))
    assert record.outcome == "unscored"
    assert "no rating from 1 to 10: 'fine'" in record.error
    assert record.answer_metadata["pick"] is None


def test_a_scorer_without_target_selects(answer):
    """With select_by=scorer the named score decides, and no judge is asked."""
    record = answer("best_of_n:n_samples=3,select_by=scorer,scorer=says_so", fake := sampler(), task=DIGITS)
    assert (record.output, record.answer_metadata["ratings"]) == ("So 42.", {"1": 0.0, "2": 1.0, "3": 0.0})
    assert len(fake.requests) == 3


def test_cut_off_samples_are_not_rated_and_equal_ones_once(answer):
    """A sample that was cut off cannot win, and equal texts share one rating."""
    samples = {"sample-1": "9…", "sample-2": "So 42.", "sample-3": "So 42.", "sample-4": "43"}
    judge = rater({"42": "Rating: 7", "43": "Rating: 3"})
    record = answer("best_of_n:n_samples=4", sampler(samples), judge)
    assert (record.output, len(judge.requests), record.answer_metadata["tie"]) == ("So 42.", 2, False)


def test_equal_samples_need_no_rating(answer):
    """If all samples are one text, nobody is asked to rate it."""
    judge = rater({})
    record = answer("best_of_n:n_samples=3", sampler(dict.fromkeys(SAMPLES, "42")), judge)
    assert (record.outcome, judge.requests) == ("correct", [])


def test_a_score_that_needs_the_target_is_refused_before_anything_is_asked(answer):
    """No sample can be selected by the right answer, and no call is spent to find out."""
    fake = sampler()
    with pytest.raises(UsageError, match="must not see it"):
        answer("best_of_n:select_by=scorer,scorer=numeric", fake)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("select_by=scorer", "write scorer=NAME"),
        ("scorer=says_so", "write select_by=scorer"),
        ("n_samples=0", "from 1 to"),
        ("select_by=gold", "one of 'judge', 'scorer'"),
    ],
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """A wrong parameter, or two that contradict each other, is refused with what to write."""
    with pytest.raises(ParameterError, match=message):
        answer(f"best_of_n:{typed}", sampler(), task=DIGITS)
