"""`chateval`: who reads whom in each order of speaking, and what the last answers decide."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.errors import UsageError

ROUNDS = (("I say 11.", "I say 22.", "I say 33."), ("Now 44.", "Now 55.", "Now 66."))
SAID = ("11", "22", "33", "44", "55", "66")


def read(prompt):
    return [number for number in SAID if number in prompt]


def test_referees_speak_one_by_one(answer):
    """By default each referee reads everything that was said before it, in its own round too."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("chateval", fake)
    assert [read(prompt) for prompt in fake.prompts()] == [list(SAID[:n]) for n in range(6)]
    assert [r.role for r in fake.requests] == ["agent-1", "agent-2", "agent-3"] * 2


def test_referees_speak_at_the_same_time(answer):
    """With simultaneous a round is asked at once, and its referees read the earlier rounds."""
    fake = FakeProvider(by_agent(*ROUNDS), overlapping={0: 3, 1: 3})
    answer("chateval:order=simultaneous", fake)
    assert [read(prompt) for prompt in fake.prompts("agent-.", round=0)] == [[]] * 3
    assert [read(prompt) for prompt in fake.prompts("agent-.", round=1)] == [["11", "22", "33"]] * 3


def test_a_summary_replaces_what_was_said(answer):
    """With a summarizer, the next round reads its summary instead of the referees' words."""
    speak = by_agent(*ROUNDS, ROUNDS[0])
    fake = FakeProvider(lambda r: f"All of round {r.round} differ." if r.role == "summarizer" else speak(r))
    answer("chateval:order=simultaneous_with_summarizer,n_rounds=3", fake)
    assert [read(prompt) for prompt in fake.prompts("summarizer")] == [["11", "22", "33"], ["44", "55", "66"]]
    assert "All of round 0 differ." in fake.prompts("summarizer", round=1)[0]
    for number in (1, 2):
        assert [read(prompt) for prompt in fake.prompts("agent-.", round=number)] == [[]] * 3
        assert all(f"All of round {number - 1} differ." in p for p in fake.prompts("agent-.", round=number))


def test_a_summary_that_was_cut_off_replaces_nothing(answer):
    """If the summary is incomplete, the next round reads what the referees said."""
    speak = by_agent(*ROUNDS)
    fake = FakeProvider(lambda r: "They say…" if r.role == "summarizer" else speak(r))
    answer("chateval:order=simultaneous_with_summarizer", fake)
    assert [read(prompt) for prompt in fake.prompts("agent-.", round=1)] == [["11", "22", "33"]] * 3


def test_each_referee_has_its_role(answer):
    """A known role is described; a role in one's own words is used as written; both are in the metadata."""
    fake = FakeProvider(by_agent(("42", "42")))
    record = answer("chateval:roles=critic+a tax lawyer,n_rounds=1", fake)
    assert fake.prompts("agent-1")[0].startswith("You are a referee who is a critic.")
    assert fake.prompts("agent-2")[0].startswith("You are a referee: a tax lawyer.\n\n" + QUESTION)
    assert "Referee 1 (critic): 42" in fake.prompts("agent-2")[0]
    assert record.answer_metadata["roles"] == {"agent-1": "critic", "agent-2": "a tax lawyer"}
    assert record.answer_metadata["sequential"] is True  # for the analysis of who read whom


def test_the_last_answers_vote(answer):
    """The majority of the last round is the result, given by the first referee with it; earlier ones do not count."""
    record = answer("chateval", FakeProvider(by_agent(("41", "41", "41"), ("41", "So 42.", "42"))))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["answers"] == [["41", "41", "41"], ["41", "42", "42"]]
    assert record.answer_metadata["round_scores"]["agent-2"]["1"]["right"] is True


def test_a_pair_is_judged_by_vote(answer):
    """A task that asks which of two answers is better is judged by the referees' majority."""
    task = 'task: t\nsamples: [{id: a, input: "A: 3\\nB: 4\\nWhich answer is better, A or B?", target: B}]\n'
    fake = FakeProvider(by_agent(("Answer: A", "Answer: B", "B is better.")))
    record = answer("chateval:n_rounds=1", fake, task=task + "scorers: [choice]\n")
    assert (record.answer, record.answer_metadata["vote"]["votes"]) == ("B", {"A": 1, "B": 2})


def test_scores_are_averaged(answer):
    """With mean the result is the mean of the referees' numbers, with their standard deviation."""
    record = answer("chateval:aggregation=mean,n_rounds=1", FakeProvider(by_agent(("41", "None.", "It is 43."))))
    notes = record.answer_metadata
    assert (record.output, record.outcome, notes["numbers"]) == ("42", "correct", 2)
    assert notes["deviation"] == pytest.approx(2**0.5)


def test_what_was_cut_off_neither_votes_nor_is_read(answer):
    """A referee that was cut off has no vote, and the others do not read it."""
    fake = FakeProvider(by_agent(("41…", "42", "41…")))
    record = answer("chateval:n_rounds=1", fake)
    assert (record.answer, record.answer_metadata["unreadable_answers"]) == ("42", 2)
    assert "41…" not in fake.prompts("agent-2")[0]


@pytest.mark.parametrize(("aggregation", "asked"), [("majority", "a readable answer"), ("mean", "a number")])
def test_nothing_readable_is_unscored(answer, aggregation, asked):
    """If no last answer can be read, the outcome is unscored with what came instead."""
    record = answer(f"chateval:aggregation={aggregation}", FakeProvider(lambda r: "I pass."))
    assert record.outcome == "unscored"
    assert f"asked 3 referees for {asked}" in record.error
    assert "'I pass.'" in record.error


@pytest.mark.parametrize("typed", ["roles=critic", "roles=", "order=all", "aggregation=max", "n_rounds=0"])
def test_wrong_parameters_are_refused(answer, typed):
    """A parameter that does not fit, such as a single role, is an error before anything is asked."""
    with pytest.raises(UsageError, match=typed.partition("=")[0]):
        answer(f"chateval:{typed}", FakeProvider(by_agent(*ROUNDS)))
