"""`self_consistency`: which samples vote, and which answer wins."""

from __future__ import annotations

from support.strategies import QUESTION, FakeProvider


def test_self_consistency_takes_the_plurality(answer):
    """The most frequent parsed answer wins; the output is its first sample."""
    replies = {"sample-1": "41", "sample-2": "So 42.", "sample-3": "42.0", "sample-4": "40", "sample-5": "42"}
    record = answer("self_consistency", FakeProvider(lambda r: replies[r.role], overlapping={0: 5}))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["vote"]["votes"] == {"42": 3, "41": 1, "40": 1}


def test_ties_go_to_the_first_seen(answer):
    """Of two equally frequent answers the first seen wins, and the record marks the tie."""
    replies = {"sample-1": "7", "sample-2": "42", "sample-3": "42", "sample-4": "7"}
    record = answer("self_consistency:n_samples=4", FakeProvider(lambda r: replies[r.role]))
    assert (record.answer, record.answer_metadata["vote"]["tie"]) == ("7", True)


def test_cut_off_samples_do_not_vote(answer):
    """A truncated sample does not vote unless all samples are truncated."""
    replies = {"sample-1": "1…", "sample-2": "1…", "sample-3": "42"}
    assert answer("self_consistency:n_samples=3", FakeProvider(lambda r: replies[r.role])).answer == "42"
    assert answer("self_consistency:n_samples=3", FakeProvider(lambda r: "1…")).outcome == "truncated"


def test_samples_share_a_prompt_and_differ_in_their_seed(answer):
    """Self-consistency sends one prompt n times, each with another seed."""
    fake = FakeProvider(lambda _: "42")
    answer("self_consistency:n_samples=7", fake)
    assert set(fake.prompts()) == {QUESTION}
    assert len({r.seed for r in fake.requests}) == 7


def test_samples_without_an_answer_do_not_vote(answer):
    """Two samples without an answer do not outvote one with an answer."""
    replies = {"sample-1": "hm", "sample-2": "hm", "sample-3": "42"}
    record = answer("self_consistency:n_samples=3", FakeProvider(lambda r: replies[r.role]))
    assert (record.answer, record.answer_metadata["vote"]["votes"]) == ("42", {"42": 1})
