"""Tests of consensus: who reads what, when the discussion ends, and what happens without an agreement."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.strategies.introspection.consensus import agents_needed

APART = ("40", "41", "42")


@pytest.mark.parametrize(
    ("rule", "needed"),
    [("unanimity", (2, 3, 4, 9)), ("supermajority", (2, 2, 3, 6)), ("majority", (2, 2, 3, 5))],
)
def test_the_rules_need_all_two_thirds_or_more_than_half(rule, needed):
    """Half of the agents are no majority, and exactly two thirds are a supermajority."""
    assert tuple(agents_needed(rule, n) for n in (2, 3, 4, 9)) == needed


def test_agents_discuss_until_all_agree(answer):
    """Each agent reads its own and the others' completions, all at once, until the answers are equal."""
    fake = FakeProvider(by_agent(APART, ("42", "It is 42", "42.0")), overlapping={0: 3, 1: 3})
    record = answer("consensus", fake)
    (prompt,) = fake.prompts("agent-2", round=1)
    assert prompt.startswith(QUESTION)
    assert "Your answer was: 41" in prompt
    assert "Answer 1: 40\nAnswer 2: 42\n" in prompt
    assert len(fake.requests) == 6
    assert (record.output, record.outcome) == ("42", "correct")
    assert record.answer_metadata["consensus"] == {
        "reached": True,
        "round": 1,
        "rule": "unanimity",
        "needed": 3,
        "agreeing": 3,
    }


def test_agreement_at_once_needs_no_discussion(answer):
    """Independent answers that agree end the discussion in round 0."""
    fake = FakeProvider(by_agent(("42", "41", "42")))
    assert answer("consensus:rule=majority", fake).answer_metadata["consensus"]["round"] == 0
    assert len(fake.requests) == 3


def test_a_deadlock_is_decided_by_vote(answer):
    """After the last round the most frequent answer wins, and the record says that nobody agreed."""
    record = answer("consensus:max_rounds=2", FakeProvider(by_agent(APART, ("41", "42", "42"))))
    assert (record.output, record.outcome) == ("42", "correct")
    assert record.answer_metadata["consensus"]["reached"] is False
    assert record.answer_metadata["final_majority"]["tie"] is False


def test_a_tie_goes_to_the_answer_seen_first(answer):
    """A deadlock in which every agent is alone says that it was a tie."""
    record = answer("consensus:max_rounds=1", FakeProvider(by_agent(APART)))
    assert record.output == "40"
    assert record.answer_metadata["final_majority"]["tie"] is True


def test_a_deadlock_may_be_unscored(answer):
    """With `on_deadlock=unscored` no answer is made up; the reason says how many agreed."""
    record = answer("consensus:max_rounds=1,on_deadlock=unscored", FakeProvider(by_agent(("42", "42", "41"))))
    assert record.outcome == "unscored"
    assert "needs 3 of 3" in record.error
    assert "has 2; raise max_rounds" in record.error


def test_unreadable_and_truncated_answers_agree_with_nobody(answer):
    """Two agents that say nothing readable are no majority, and without any readable answer nothing is scored."""
    silent = FakeProvider(by_agent(("hm", "hm", "42…")))
    record = answer("consensus:rule=majority,max_rounds=1", silent)
    assert record.outcome == "unscored"
    assert "no readable answer" in record.error
    assert record.answer_metadata["answers"] == [[None, None, None]]
    assert len(record.transcript) == 3
    mixed = answer("consensus:rule=majority,max_rounds=1", FakeProvider(by_agent(("hm", "hm", "42"))))
    assert (mixed.output, mixed.answer_metadata["consensus"]["agreeing"]) == ("42", 1)


@pytest.mark.parametrize(
    ("written", "reason"),
    [("n_agents=1", "from 2 to 1000"), ("max_rounds=0", "from 1 to 1000"), ("rule=all", "one of 'unanimity'")],
)
def test_parameters_out_of_range_are_refused(answer, written, reason):
    """A value that makes no discussion is refused before anything is asked."""
    fake = FakeProvider(by_agent(APART))
    with pytest.raises(Exception, match=reason):
        answer(f"consensus:{written}", fake)
    assert fake.requests == []
