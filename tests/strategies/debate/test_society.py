"""Variants of `debate`: topologies, history, summaries, agreement."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Request

FIVE = (("11", "22", "33", "44", "55"), ("61", "62", "63", "64", "65"))
ROUNDS = (("I say 11.", "I say 22.", "I say 33."), ("Now 44.", "Now 55.", "Now 66."))


def read_in_round_1(fake: FakeProvider, agent: str) -> list[str]:
    """The answers of round 0 that the agent's request has."""
    (prompt,) = fake.prompts(agent, 1)
    return [said for said in FIVE[0] if f"- {said}\n" in prompt]


def with_summaries(summary: str):
    """Replies of three agents, with this summary from every summarizer."""

    def reply(request: Request) -> str:
        return summary if request.role.startswith("summarizer") else by_agent(*ROUNDS)(request)

    return reply


def test_in_a_ring_agents_read_their_two_neighbours(answer):
    """Agent 1 of five reads agents 2 and 5 only; the metadata says who reads whom."""
    fake = FakeProvider(by_agent(*FIVE))
    record = answer("debate:topology=ring,n_agents=5", fake)
    assert read_in_round_1(fake, "agent-1") == ["22", "55"]
    assert read_in_round_1(fake, "agent-3") == ["22", "44"]
    assert record.answer_metadata["reads"]["agent-1"] == ["agent-2", "agent-5"]


def test_in_a_star_the_hub_reads_all_and_is_read_by_all(answer):
    """Agent 1 reads all others, who read it alone; the judge reads everyone."""
    fake = FakeProvider(by_agent(*FIVE))
    answer("debate:topology=star,n_agents=5", fake)
    assert read_in_round_1(fake, "agent-1") == ["22", "33", "44", "55"]
    assert [read_in_round_1(fake, f"agent-{i}") for i in range(2, 6)] == [["11"]] * 4
    assert all(f"- {said}\n" in fake.prompts("judge")[0] for said in FIVE[1])


def test_without_history_an_agent_does_not_read_itself(answer):
    """By default a later request is one message; with history it is the agent's own chat and the others' answers."""
    plain, chat = FakeProvider(by_agent(*ROUNDS)), FakeProvider(by_agent(*ROUNDS))
    answer("debate", plain)
    answer("debate:history=true", chat)
    (first, *_), (second, *_) = ([r for r in fake.requests if r.round == 1] for fake in (plain, chat))
    assert [message.role for message in first.messages] == ["user"]
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert [message.content for message in second.messages[:2]] == [QUESTION, "I say 11."]
    assert all(said in second.messages[2].content for said in ("22", "33"))
    assert QUESTION not in second.messages[2].content


def test_history_grows_by_two_messages_per_round(answer):
    """In round 2 an agent has its answers of rounds 0 and 1 in its chat."""
    fake = FakeProvider(by_agent(*ROUNDS, ("77", "88", "99")))
    answer("debate:history=true,n_rounds=3", fake)
    (last,) = (r for r in fake.requests if r.role == "agent-2" and r.round == 2)
    assert [m.content for m in last.messages if m.role == "assistant"] == ["I say 22.", "Now 55."]


def test_an_empty_answer_is_no_empty_message(answer):
    """An agent that said nothing has words for it in its chat, since servers refuse empty messages."""
    fake = FakeProvider(by_agent(("", "22", "33"), ROUNDS[1]))
    answer("debate:history=true", fake)
    assert all(m.content for r in fake.requests for m in r.messages)


def test_a_history_that_no_longer_fits_is_the_error_of_the_provider(answer):
    """The outcome is `error` with the provider's words, and the transcript keeps round 0."""
    fake = FakeProvider(by_agent(ROUNDS[0], ("boom",) * 3))
    record = answer("debate:history=true", fake)
    assert (record.outcome, record.error) == ("error", "server said 500")
    assert [call["round"] for call in record.transcript] == [0, 0, 0]


def test_summaries_are_read_in_place_of_answers(answer):
    """A summarizer per agent reads the others' whole completions, and the agent reads its summary only."""
    fake = FakeProvider(with_summaries("They disagree."))
    record = answer("debate:summarize=true", fake)
    (asked,) = fake.prompts("summarizer-1", 1)
    assert all(text in asked for text in (QUESTION, "I say 22.", "I say 33."))
    assert "I say 11." not in asked
    (prompt,) = fake.prompts("agent-1", 1)
    assert "They disagree." in prompt
    assert not any(said in prompt for said in ("11", "22", "33"))
    assert record.answer_metadata["unusable_summaries"] == 0


def test_summarizers_of_a_round_are_asked_at_the_same_time(answer):
    """The summaries do not depend on each other; agents follow when all are there."""
    fake = FakeProvider(with_summaries("They disagree."), overlapping={1: 3})
    answer("debate:summarize=true", fake)
    roles = [request.role.split("-")[0] for request in fake.requests if request.round == 1]
    assert roles == ["summarizer"] * 3 + ["agent"] * 3


@pytest.mark.parametrize("summary", ["", "They …"])
def test_an_unusable_summary_is_not_read(answer, summary):
    """If a summary is empty or truncated, agents read the answers themselves, and it is counted."""
    fake = FakeProvider(with_summaries(summary))
    record = answer("debate:summarize=true", fake)
    assert all(f"- {said}\n" in fake.prompts("agent-1", 1)[0] for said in ("22", "33"))
    assert record.answer_metadata["unusable_summaries"] == 3


def test_a_single_answer_needs_no_summary(answer):
    """In a star only the hub reads several answers, so only it has a summarizer."""
    fake = FakeProvider(with_summaries("They disagree."))
    answer("debate:summarize=true,topology=star", fake)
    assert [r.role for r in fake.requests if r.role.startswith("summarizer")] == ["summarizer-1"]
    assert "- 11\n" in fake.prompts("agent-2", 1)[0]


def test_agreement_is_said_to_agents_only(answer):
    """`agreement=9` is in the agents' later requests, not in round 0 nor in that of the judge."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate:agreement=9", fake)
    assert all("9 times out of 10" in prompt for prompt in fake.prompts("agent-.", 1))
    assert not any("out of 10" in prompt for prompt in (*fake.prompts("agent-.", 0), *fake.prompts("judge")))


def test_no_agreement_differs_from_agreement_0(answer):
    """Left out, nothing is said about agreement; 0 forbids agreement for its own sake."""
    plain, stubborn = FakeProvider(by_agent(*ROUNDS)), FakeProvider(by_agent(*ROUNDS))
    answer("debate", plain)
    answer("debate:agreement=0", stubborn)
    assert "agree" not in plain.prompts("agent-1", 1)[0]
    assert "Never agree" in stubborn.prompts("agent-1", 1)[0]


def test_new_parameters_left_at_their_defaults_change_nothing():
    """Labels and parameters of earlier records stay as they are, also if a default is written."""
    plain = bind_strategy(parse_strategy("debate"))
    written = bind_strategy(parse_strategy("debate:topology=all,history=false,summarize=false"))
    assert written.params == plain.params
    assert written.label == plain.label == "debate"
    assert not {"topology", "history", "summarize", "agreement"} & plain.params.keys()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("topology=line", "topology must be one of 'all', 'ring', 'star', got 'line'"),
        ("agreement=11", "agreement must be from 0 to 10, got 11"),
        ("agreement=much", "agreement must be a whole number, got 'much'"),
        ("history=maybe", "history must be true or false, got 'maybe'"),
    ],
)
def test_values_that_do_not_fit_are_refused(written, message):
    """A wrong value is one sentence before any call."""
    with pytest.raises(UsageError, match=message):
        bind_strategy(parse_strategy(f"debate:{written}"))


def test_the_debate_of_the_paper(answer):
    """With the parameters that the module names, agents chat with whole completions, and a vote decides."""
    fake = FakeProvider(by_agent(("It is 1.", "It is 2.", "It is 3."), ("So 42.", "So 41.", "So 42.")))
    record = answer("debate:share=full,history=true,aggregation=majority,early_stop=false", fake)
    assert "It is 2." in fake.prompts("agent-1", 1)[0]
    assert (record.output, record.outcome, len(fake.requests)) == ("So 42.", "correct", 6)
