"""`debate`: the calls it makes, and the answer it returns."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.errors import UsageError

ROUNDS = (("I say 11.", "I say 22.", "I say 33."), ("Now 44.", "Now 55.", "Now 66."))


def test_round_0_is_independent(answer):
    """In round 0 each agent reads only the task."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate", fake)
    assert fake.prompts("agent-.", 0) == [QUESTION] * 3


def test_later_prompts_hold_the_task_and_the_others_answers(answer):
    """In round 1 each agent reads the task and the other agents' answers, not its own."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate", fake)
    for own, prompt in zip(("11", "22", "33"), fake.prompts("agent-.", 1), strict=True):
        assert prompt.startswith(QUESTION)
        assert all((said in prompt) == (said != own) for said in ("11", "22", "33"))


def test_shuffled_answers_change_the_prompts(answer):
    """Different answers in round 0 lead to different prompts in round 1."""
    one, two = (
        FakeProvider(by_agent(*ROUNDS)),
        FakeProvider(by_agent(("I say 33.", "I say 11.", "I say 22."), ROUNDS[1])),
    )
    answer("debate", one)
    answer("debate", two)
    assert one.prompts("agent-.", 0) == two.prompts("agent-.", 0)
    assert one.prompts("agent-.", 1) != two.prompts("agent-.", 1)


def test_judge_reads_all_last_answers(answer):
    """The judge reads the task and every agent's last answer."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate", fake)
    (prompt,) = fake.prompts("judge")
    assert all(text in prompt for text in (QUESTION, "44", "55", "66"))


def test_the_judge_decides_against_the_majority(answer):
    """A judge that contradicts three agreeing agents decides; the metadata keeps their majority."""
    fake = FakeProvider(by_agent(("42", "42", "42"), ("42", "42", "42"), judge="I rule: 7"))
    record = answer("debate", fake)
    assert (record.output, record.answer, record.outcome) == ("I rule: 7", "7", "incorrect")
    assert record.answer_metadata["round0_majority"] == {"answer": "42", "votes": {"42": 3}, "tie": False}


def test_a_separate_judge_gets_only_its_call(answer):
    """A separate judge receives only the judge's call."""
    agents, judge = FakeProvider(by_agent(*ROUNDS)), FakeProvider(lambda _: "42")
    answer("debate", agents, judge)
    assert [request.role for request in judge.requests] == ["judge"]
    assert "judge" not in {request.role for request in agents.requests}


def test_majority_aggregation_asks_no_judge(answer):
    """With aggregation=majority the winner's completion is the answer, without a call of the judge."""
    fake = FakeProvider(by_agent(("1", "2", "3"), ("It is 42.", "41", "42")))
    record = answer("debate:aggregation=majority", fake)
    assert record.output == "It is 42."
    assert not fake.prompts("judge")


def test_early_stop_needs_an_exchange(answer):
    """Agents that agree from the start still exchange once; then a debate of four rounds ends."""
    fake = FakeProvider(by_agent(*[("42", "42", "42")] * 4))
    answer("debate:n_rounds=4", fake)
    assert {r.round for r in fake.requests if r.role != "judge"} == {0, 1}
    fake.requests.clear()
    answer("debate:n_rounds=4,early_stop=false", fake)
    assert {r.round for r in fake.requests if r.role != "judge"} == {0, 1, 2, 3}


def test_share_full_shows_whole_completions(answer):
    """With share=full agents read whole completions."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate:share=full", fake)
    assert "I say 22." in fake.prompts("agent-1", 1)[0]


def test_agents_of_a_round_are_asked_at_the_same_time(answer):
    """All calls of a round are in flight at the same time."""
    fake = FakeProvider(by_agent(*ROUNDS), overlapping={0: 3, 1: 3})
    assert answer("debate", fake).outcome == "incorrect"


def test_each_agent_and_round_has_its_own_seed(answer):
    """No two calls of a debate share a seed, and the seeds depend on the run's seed."""
    one, two, three = (FakeProvider(by_agent(*ROUNDS)) for _ in range(3))
    answer("debate", one)
    answer("debate", two)
    answer("debate", three, seed=1)
    seeds = [[r.seed for r in fake.requests] for fake in (one, two, three)]
    assert len(set(seeds[0])) == 7
    assert seeds[0] == seeds[1]
    assert not set(seeds[0]) & set(seeds[2])


def test_transcript_logs_every_call_with_role_and_round(answer):
    """The transcript lists the calls in order, and the usage is their sum."""
    record = answer("debate", FakeProvider(by_agent(*ROUNDS)))
    said = [(call["role"], call["round"]) for call in record.transcript]
    agents = ["agent-1", "agent-2", "agent-3"]
    assert said == [(a, 0) for a in agents] + [(a, 1) for a in agents] + [("judge", 2)]
    assert (record.usage["calls"], record.usage["input_tokens"]) == (7, 21)


def test_a_failed_call_is_an_error_with_the_rest_on_record(answer):
    """If an agent's call fails, the outcome is `error` and the transcript keeps the earlier calls."""
    record = answer("debate", FakeProvider(by_agent(ROUNDS[0], ("44", "boom", "66"))))
    assert (record.outcome, record.error, record.score) == ("error", "server said 500", None)
    assert {call["round"] for call in record.transcript} >= {0}


def test_too_few_agents_are_refused(answer):
    """A debate with one agent is an error."""
    with pytest.raises(UsageError, match="n_agents must be from 2 to 1000, got 1"):
        answer("debate:n_agents=1", FakeProvider(lambda _: "x"))


def test_a_third_round_reads_the_second(answer):
    """Each round reads the answers of the previous round, not those of round 0."""
    fake = FakeProvider(by_agent(*ROUNDS, ("77", "88", "99")))
    answer("debate:n_rounds=3", fake)
    first = fake.prompts("agent-1", 2)[0]
    assert [said for said in ("11", "22", "33", "44", "55", "66") if said in first] == ["55", "66"]


def test_equal_answers_of_others_are_all_shown(answer):
    """An answer appears once for each agent that gave it."""
    fake = FakeProvider(by_agent(("11", "11", "22"), ROUNDS[1]))
    answer("debate", fake)
    assert "- 11\n- 22\n" in fake.prompts("agent-1", 1)[0]
    assert "- 11\n- 11\n" in fake.prompts("agent-3", 1)[0]


def test_an_answer_that_cannot_be_read_is_shown_as_written(answer):
    """If an answer cannot be parsed, the others read the completion."""
    fake = FakeProvider(by_agent(("I pass.", "I say 22.", "33"), ROUNDS[1]))
    answer("debate", fake)
    assert "- I pass.\n- 33\n" in fake.prompts("agent-2", 1)[0]


def test_a_single_round_goes_straight_to_the_judge(answer):
    """With n_rounds=1 the judge reads round 0."""
    fake = FakeProvider(by_agent(*ROUNDS))
    answer("debate:n_rounds=1", fake)
    assert [r.role for r in fake.requests] == ["agent-1", "agent-2", "agent-3", "judge"]
    assert "- 11\n- 22\n- 33\n" in fake.prompts("judge")[0]


def test_default_temperatures(answer):
    """The default temperature is 0.7 for agents and 0 for the judge; `temperature` sets that of the agents."""
    for typed, warm in (("debate", 0.7), ("debate:temperature=0.2", 0.2)):
        fake = FakeProvider(by_agent(*ROUNDS))
        answer(typed, fake)
        assert {r.params.temperature for r in fake.requests if r.role != "judge"} == {warm}
        assert [r.params.temperature for r in fake.requests if r.role == "judge"] == [0.0]


def test_the_metadata_keeps_every_round(answer):
    """The metadata contains each agent's answer in each round, and the first and last majority."""
    notes = answer("debate", FakeProvider(by_agent(("1", "1", "2"), ("2", "none", "2")))).answer_metadata
    assert notes["answers"] == [["1", "1", "2"], ["2", None, "2"]]
    assert (notes["round0_majority"]["answer"], notes["final_majority"]["answer"]) == ("1", "2")


def test_a_judge_alone_can_be_right(answer):
    """The judge may return an answer that no agent gave."""
    record = answer("debate", FakeProvider(by_agent(*ROUNDS, judge="42")))
    assert (record.answer, record.outcome) == ("42", "correct")


def test_a_verdict_without_a_number_is_wrong_and_not_replaced(answer):
    """If the judge returns no number, the answer is wrong even if the agents agree."""
    record = answer("debate", FakeProvider(by_agent(("42",) * 3, ("42",) * 3, judge="I cannot say.")))
    assert (record.output, record.answer, record.outcome) == ("I cannot say.", None, "incorrect")


def test_a_tied_majority_goes_to_the_first_agent(answer):
    """If all last answers differ, the first agent's counts and the metadata marks a tie."""
    record = answer("debate:aggregation=majority", FakeProvider(by_agent(*ROUNDS)))
    assert (record.output, record.answer_metadata["final_majority"]["tie"]) == ("Now 44.", True)


def test_a_majority_without_answers(answer):
    """If no agent gives an answer, nothing is counted: the outcome is unscored, with the reason."""
    record = answer("debate:aggregation=majority", FakeProvider(lambda _: "I pass."))
    assert (record.output, record.outcome) == ("I pass.", "unscored")
    assert "debate asked 3 agents for an answer" in record.error


def test_a_majority_of_truncated_answers_is_truncated(answer):
    """If every last reply was cut off, the outcome says so."""
    record = answer("debate:aggregation=majority", FakeProvider(lambda _: "It may be 4…"))
    assert record.outcome == "truncated"


@pytest.mark.parametrize("last", [("42", "42", "41"), ("none", "none", "none")])
def test_a_debate_goes_on_while_agents_disagree(answer, last):
    """A debate continues after a two-to-one vote, and after a round without an answer."""
    fake = FakeProvider(by_agent(ROUNDS[0], last, last, last))
    answer("debate:n_rounds=4", fake)
    assert {r.round for r in fake.requests if r.role != "judge"} == {0, 1, 2, 3}


def test_early_stop_asks_the_judge_at_once(answer):
    """If the agents agree after the second round, the judge is asked next and reads their answers."""
    fake = FakeProvider(by_agent(ROUNDS[0], ("42", "42.0", "It is 42"), ROUNDS[1], judge="42"))
    answer("debate:n_rounds=5", fake)
    (prompt,) = fake.prompts("judge", round=2)
    assert prompt.count("- 42\n") == 3
