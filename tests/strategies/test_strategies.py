"""Who is asked what, in which order, and what becomes of the answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import strategies
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.strategies.manager_worker import deal, parse_plan
from pytest_hiddenlayer.strategies.voting import plurality
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Completion, GenerationConfig, ModelName, Record, Request, Spec, Usage

if TYPE_CHECKING:
    from pytest_hiddenlayer.types import Context

QUESTION = "What is 6*7?"
TASK = f"""task: t
samples: [{{id: a, input: "{QUESTION}", target: 42}}]
scorers: [numeric]
"""


@dataclass
class Fake:
    """A provider that answers by a function of the request and keeps what it was asked."""

    reply: Callable[[Request], str]
    model: str = "fake"
    asked: list[Request] = field(default_factory=list)
    together: dict[int, int] = field(default_factory=dict)  # round → calls that must overlap
    _met: dict[int, asyncio.Barrier] = field(default_factory=dict)

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        if request.round in self.together:
            barrier = self._met.setdefault(request.round, asyncio.Barrier(self.together[request.round]))
            await asyncio.wait_for(barrier.wait(), timeout=60)
        text = self.reply(request)
        if text == "boom":
            raise ProviderError("server said 500")
        reason = "length" if text.endswith("…") else "stop"
        usage = Usage(input_tokens=3, output_tokens=2, calls=1)
        return Completion(text=text, finish_reason=reason, usage=usage, latency_s=0.0, model="fake", cost_usd=0.0)

    async def close(self) -> None:
        """Nothing is open."""

    def prompts(self, role: str = ".*", round: int | None = None) -> list[str]:
        """The last messages of the calls of a role in a round."""
        return [r.messages[-1].content for r in self.asked if re.fullmatch(role, r.role) and round in (None, r.round)]


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Record]:
    """Answer the one sample with a strategy as it is typed, and a fake provider."""

    def run(strategy: str, fake: Fake, judge: Fake | None = None, seed: int = 0, task: str = TASK) -> Record:
        (tmp_path / "t.yaml").write_text(task)
        options = RunOptions(
            providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(strategy),), seed=seed
        )
        (cell,) = cells(load_task(tmp_path / "t.yaml", tmp_path), options)
        (case,) = cases(cell)
        return asyncio.run(run_case(case, fake, judge or fake, overrides=GenerationConfig(), run_id="r"))

    return run


def by_agent(*rounds: tuple[str, ...], judge: str = "The answer is 0.") -> Callable[[Request], str]:
    """Replies by round and agent; the judge's apart."""

    def reply(request: Request) -> str:
        return judge if request.role == "judge" else rounds[request.round][int(request.role[-1]) - 1]

    return reply


ROUNDS = (("I say 11.", "I say 22.", "I say 33."), ("Now 44.", "Now 55.", "Now 66."))


def test_round_0_is_independent(answer):
    """Every agent of round 0 sees the task and nothing of the others."""
    fake = Fake(by_agent(*ROUNDS))
    answer("debate", fake)
    assert fake.prompts("agent-.", 0) == [QUESTION] * 3


def test_later_prompts_hold_the_task_and_the_others_answers(answer):
    """In round 1 each agent reads the task and the other agents' actual answers, not its own."""
    fake = Fake(by_agent(*ROUNDS))
    answer("debate", fake)
    for own, prompt in zip(("11", "22", "33"), fake.prompts("agent-.", 1), strict=True):
        assert prompt.startswith(QUESTION)
        assert all((said in prompt) == (said != own) for said in ("11", "22", "33"))


def test_shuffled_answers_change_the_prompts(answer):
    """Other answers in round 0 make other prompts in round 1."""
    one, two = Fake(by_agent(*ROUNDS)), Fake(by_agent(("I say 33.", "I say 11.", "I say 22."), ROUNDS[1]))
    answer("debate", one)
    answer("debate", two)
    assert one.prompts("agent-.", 0) == two.prompts("agent-.", 0)
    assert one.prompts("agent-.", 1) != two.prompts("agent-.", 1)


def test_judge_reads_all_last_answers(answer):
    """The judge reads the task and every agent's last answer."""
    fake = Fake(by_agent(*ROUNDS))
    answer("debate", fake)
    (prompt,) = fake.prompts("judge")
    assert all(text in prompt for text in (QUESTION, "44", "55", "66"))


def test_verdict_is_the_judges_never_a_tally(answer):
    """Against three agents who agree, the judge's completion is the answer; the majority stands beside it."""
    fake = Fake(by_agent(("42", "42", "42"), ("42", "42", "42"), judge="I rule: 7"))
    record = answer("debate", fake)
    assert (record.output, record.answer, record.outcome) == ("I rule: 7", "7", "incorrect")
    assert record.answer_metadata["round0_majority"] == {"answer": "42", "votes": {"42": 3}, "tie": False}


def test_judge_is_the_named_one(answer):
    """With a judge of its own, only the judge's call goes there."""
    agents, judge = Fake(by_agent(*ROUNDS)), Fake(lambda _: "42")
    answer("debate", agents, judge)
    assert [request.role for request in judge.asked] == ["judge"]
    assert "judge" not in {request.role for request in agents.asked}


def test_majority_aggregation_asks_no_judge(answer):
    """With aggregation=majority the winner's completion is the answer, and nobody judges."""
    fake = Fake(by_agent(("1", "2", "3"), ("It is 42.", "41", "42")))
    record = answer("debate:aggregation=majority", fake)
    assert record.output == "It is 42."
    assert not fake.prompts("judge")


def test_early_stop_needs_an_exchange(answer):
    """Agents that agree from the start still exchange once; then a debate of four rounds ends."""
    fake = Fake(by_agent(*[("42", "42", "42")] * 4))
    answer("debate:n_rounds=4", fake)
    assert {r.round for r in fake.asked if r.role != "judge"} == {0, 1}
    fake.asked.clear()
    answer("debate:n_rounds=4,early_stop=false", fake)
    assert {r.round for r in fake.asked if r.role != "judge"} == {0, 1, 2, 3}


def test_share_full_shows_whole_completions(answer):
    """With share=full the others' words are shown, not only their answers."""
    fake = Fake(by_agent(*ROUNDS))
    answer("debate:share=full", fake)
    assert "I say 22." in fake.prompts("agent-1", 1)[0]


def test_agents_of_a_round_are_asked_at_the_same_time(answer):
    """All calls of a round are in flight together."""
    fake = Fake(by_agent(*ROUNDS), together={0: 3, 1: 3})
    assert answer("debate", fake).outcome == "incorrect"


def test_agents_and_rounds_have_seeds_of_their_own(answer):
    """No two calls of a debate share a seed; the same run seed gives the same ones, another gives others."""
    one, two, three = (Fake(by_agent(*ROUNDS)) for _ in range(3))
    answer("debate", one)
    answer("debate", two)
    answer("debate", three, seed=1)
    seeds = [[r.seed for r in fake.asked] for fake in (one, two, three)]
    assert len(set(seeds[0])) == 7
    assert seeds[0] == seeds[1]
    assert not set(seeds[0]) & set(seeds[2])


def test_transcript_logs_every_call_with_role_and_round(answer):
    """The transcript holds each call in order, and the usage is their sum."""
    record = answer("debate", Fake(by_agent(*ROUNDS)))
    said = [(call["role"], call["round"]) for call in record.transcript]
    agents = ["agent-1", "agent-2", "agent-3"]
    assert said == [(a, 0) for a in agents] + [(a, 1) for a in agents] + [("judge", 2)]
    assert (record.usage["calls"], record.usage["input_tokens"]) == (7, 21)


def test_a_failed_call_is_an_error_with_the_rest_on_record(answer):
    """When one agent's call fails, the record is an error and keeps what was answered before."""
    record = answer("debate", Fake(by_agent(ROUNDS[0], ("44", "boom", "66"))))
    assert (record.outcome, record.error, record.score) == ("error", "server said 500", None)
    assert {call["round"] for call in record.transcript} >= {0}


def test_self_consistency_takes_the_plurality(answer):
    """The most frequent parsed answer wins, in the words of its first sample."""
    replies = {"sample-1": "41", "sample-2": "So 42.", "sample-3": "42.0", "sample-4": "40", "sample-5": "42"}
    record = answer("self_consistency", Fake(lambda r: replies[r.role], together={0: 5}))
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["vote"]["votes"] == {"42": 3, "41": 1, "40": 1}


def test_ties_go_to_the_first_seen_and_are_noted(answer):
    """Of two equally frequent answers the first seen wins, and the record says it was a tie."""
    replies = {"sample-1": "7", "sample-2": "42", "sample-3": "42", "sample-4": "7"}
    record = answer("self_consistency:n_samples=4", Fake(lambda r: replies[r.role]))
    assert (record.answer, record.answer_metadata["vote"]["tie"]) == ("7", True)


def test_cut_off_samples_do_not_vote(answer):
    """A sample that was cut off has no vote unless all were."""
    replies = {"sample-1": "1…", "sample-2": "1…", "sample-3": "42"}
    assert answer("self_consistency:n_samples=3", Fake(lambda r: replies[r.role])).answer == "42"
    assert answer("self_consistency:n_samples=3", Fake(lambda r: "1…")).outcome == "truncated"


def plan_reply(plan: str) -> Callable[[Request], str]:
    """A manager with this plan; workers answer by their number, the merge is 42."""

    def reply(request: Request) -> str:
        return (plan if request.round == 0 else "42") if request.role == "manager" else f"result {request.role[-1]}"

    return reply


def test_manager_plans_workers_work_together_manager_merges(answer):
    """Each worker gets its own step, all at once; the merge reads every result."""
    fake = Fake(plan_reply("1. take six\n2. take seven\n3. multiply"), together={1: 3})
    record = answer("manager_worker", fake)
    for step, prompt in zip(("take six", "take seven", "multiply"), fake.prompts("worker-."), strict=True):
        assert step in prompt
        assert QUESTION in prompt
    (merge,) = fake.prompts("manager", 2)
    assert all(f"{step}={i}" in merge for i, step in enumerate(("take six", "take seven", "multiply"), 1))
    assert record.outcome == "correct"


def test_a_plan_without_steps_is_an_outcome(answer):
    """A plan that cannot be read ends as unscored with the plan as the reason; nobody works."""
    fake = Fake(plan_reply("I would rather not."))
    record = answer("manager_worker", fake)
    assert record.outcome == "unscored"
    assert "I would rather not." in record.error
    assert len(fake.asked) == 1


@pytest.mark.parametrize("text", ["1. a\n2. b", "1) a\n2) b", "- a\n- b", "Plan:\n  1: a\n\n  2: b\nDone"])
def test_plans_are_numbered_or_dashed_lists(text):
    """Numbers and dashes start a step; other lines are left out."""
    assert parse_plan(text) == ["a", "b"]


def test_more_steps_than_workers_are_dealt():
    """Five steps for two workers: every other step each."""
    assert deal(["a", "b", "c", "d", "e"], 2) == ["a; c; e", "b; d"]


def test_nobody_voting_has_no_winner():
    """A vote without answers has no winner and no tie."""
    vote = plurality([None, None])
    assert (vote.winner, vote.votes, vote.tie) == (None, {}, False)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("debate", "debate"),
        ("debate:n_agents=3", "debate"),
        ("debate:n_agents=5,share=full", "debate.n_agents=5,share=full"),
        ("self_consistency:n_samples=9", "self_consistency.n_samples=9"),
    ],
)
def test_label_shows_what_differs_from_the_defaults(text, label):
    """Only parameters that differ from their defaults stand in the label."""
    assert bind_strategy(parse_strategy(text)).label == label


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("debat", "did you mean 'debate'?"),
        ("debate:n_agent=2", "did you mean 'n_agents'?"),
        ("debate:n_agents=two", "is not a whole number"),
        ("debate:aggregation=vote", "one of 'judge', 'majority'"),
        ("debate:early_stop=perhaps", "true or false"),
        ("debate:n_agents", "write NAME:key=value"),
    ],
)
def test_wrong_parameters_are_clear(text, said):
    """A wrong name or value says what was asked and what to do."""
    with pytest.raises(UsageError, match=re.escape(said)):
        bind_strategy(parse_strategy(text))


def test_too_few_agents_are_refused(answer):
    """One agent is no debate."""
    with pytest.raises(UsageError, match="at least 2 agents"):
        answer("debate:n_agents=1", Fake(lambda _: "x"))


# ---------------------------------------------------------------- who reads what


def test_a_third_round_reads_the_second(answer):
    """Each round reads the answers of the one before it, not those of round 0."""
    fake = Fake(by_agent(*ROUNDS, ("77", "88", "99")))
    answer("debate:n_rounds=3", fake)
    first = fake.prompts("agent-1", 2)[0]
    assert [said for said in ("11", "22", "33", "44", "55", "66") if said in first] == ["55", "66"]


def test_equal_answers_of_others_are_all_shown(answer):
    """An answer that another agent shares is shown once for each agent who gave it."""
    fake = Fake(by_agent(("11", "11", "22"), ROUNDS[1]))
    answer("debate", fake)
    assert "Other agents said: 11, 22." in fake.prompts("agent-1", 1)[0]
    assert "Other agents said: 11, 11." in fake.prompts("agent-3", 1)[0]


def test_an_answer_that_cannot_be_read_is_shown_as_written(answer):
    """Where no number can be parsed, the others read the agent's own words."""
    fake = Fake(by_agent(("I pass.", "I say 22.", "33"), ROUNDS[1]))
    answer("debate", fake)
    assert "Other agents said: I pass., 33." in fake.prompts("agent-2", 1)[0]


def test_a_single_round_goes_straight_to_the_judge(answer):
    """With n_rounds=1 the judge reads round 0, and nobody reconsiders."""
    fake = Fake(by_agent(*ROUNDS))
    answer("debate:n_rounds=1", fake)
    assert [r.role for r in fake.asked] == ["agent-1", "agent-2", "agent-3", "judge"]
    assert "11, 22, 33" in fake.prompts("judge")[0]


@pytest.mark.parametrize("typed", ["debate", "manager_worker", "self_consistency", "single"])
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every prompt of a strategy."""
    fake = Fake(plan_reply("1. a\n2. b") if typed == "manager_worker" else lambda _: "42")
    answer(typed, fake, task=TASK + "system: You are careful.\n")
    openings = {(r.messages[0].role, r.messages[0].content, len(r.messages)) for r in fake.asked}
    assert openings == {("system", "You are careful.", 2)}


@pytest.mark.parametrize("typed", ["debate", "manager_worker"])
def test_braces_in_a_task_reach_the_model(answer, typed):
    """A question with braces is quoted as it stands, in later prompts too."""
    fake = Fake(plan_reply("1. take {b}\n2. c") if typed == "manager_worker" else lambda _: "{a} 42")
    assert answer(typed, fake, task=TASK.replace("6*7", "{task} of {0}")).outcome == "correct"
    assert all("{task} of {0}" in prompt for prompt in fake.prompts())


def test_agents_are_warm_and_the_judge_is_greedy(answer):
    """By default agents differ by temperature 0.7 and the judge decides at 0; a written one is the agents'."""
    for typed, warm in (("debate", 0.7), ("debate:temperature=0.2", 0.2)):
        fake = Fake(by_agent(*ROUNDS))
        answer(typed, fake)
        assert {r.params.temperature for r in fake.asked if r.role != "judge"} == {warm}
        assert [r.params.temperature for r in fake.asked if r.role == "judge"] == [0.0]


# ---------------------------------------------------------------- verdicts, votes and notes


def test_the_notes_keep_every_round(answer):
    """Each agent's answer in each round stands in the notes, with the majority before and after."""
    notes = answer("debate", Fake(by_agent(("1", "1", "2"), ("2", "none", "2")))).answer_metadata
    assert notes["answers"] == [["1", "1", "2"], ["2", None, "2"]]
    assert (notes["round0_majority"]["answer"], notes["final_majority"]["answer"]) == ("1", "2")


def test_a_judge_alone_can_be_right(answer):
    """A judge whose answer no agent gave decides all the same."""
    record = answer("debate", Fake(by_agent(*ROUNDS, judge="42")))
    assert (record.answer, record.outcome) == ("42", "correct")


def test_a_verdict_without_a_number_is_wrong_and_not_replaced(answer):
    """Where the judge gives no number the answer is wrong; the agents' agreement does not stand in."""
    record = answer("debate", Fake(by_agent(("42",) * 3, ("42",) * 3, judge="I cannot say.")))
    assert (record.output, record.answer, record.outcome) == ("I cannot say.", None, "incorrect")


def test_a_tied_majority_goes_to_the_first_agent(answer):
    """When all last answers differ, the first agent's counts, and the notes say it was a tie."""
    record = answer("debate:aggregation=majority", Fake(by_agent(*ROUNDS)))
    assert (record.output, record.answer_metadata["final_majority"]["tie"]) == ("Now 44.", True)


def test_a_majority_of_nothing_is_no_crash(answer):
    """When no agent gives an answer, the first agent's words are scored."""
    record = answer("debate:aggregation=majority", Fake(lambda _: "I pass."))
    assert (record.output, record.outcome) == ("I pass.", "incorrect")


@pytest.mark.parametrize("last", [("42", "42", "41"), ("none", "none", "none")])
def test_a_debate_goes_on_while_agents_disagree(answer, last):
    """Two against one is no agreement, and neither is a round in which nobody answers."""
    fake = Fake(by_agent(ROUNDS[0], last, last, last))
    answer("debate:n_rounds=4", fake)
    assert {r.round for r in fake.asked if r.role != "judge"} == {0, 1, 2, 3}


def test_early_stop_asks_the_judge_at_once(answer):
    """When the agents agree after the second round, the judge follows it and reads that agreement."""
    fake = Fake(by_agent(ROUNDS[0], ("42", "42.0", "It is 42"), ROUNDS[1], judge="42"))
    answer("debate:n_rounds=5", fake)
    (prompt,) = fake.prompts("judge", round=2)
    assert "42, 42, 42" in prompt


def test_samples_ask_the_same_with_seeds_of_their_own(answer):
    """Self-consistency asks one prompt n times, each with another seed."""
    fake = Fake(lambda _: "42")
    answer("self_consistency:n_samples=7", fake)
    assert set(fake.prompts()) == {QUESTION}
    assert len({r.seed for r in fake.asked}) == 7


def test_samples_without_an_answer_do_not_vote(answer):
    """Two that say nothing are no plurality against one that answers."""
    replies = {"sample-1": "hm", "sample-2": "hm", "sample-3": "42"}
    record = answer("self_consistency:n_samples=3", Fake(lambda r: replies[r.role]))
    assert (record.answer, record.answer_metadata["vote"]["votes"]) == ("42", {"42": 1})


# ---------------------------------------------------------------- failures and plans


@pytest.mark.parametrize("typed", ["debate", "self_consistency", "manager_worker"])
def test_one_failing_call_cancels_the_others(answer, typed):
    """The others of a round are not waited for, let alone answered, once one has failed."""
    first = {"debate": "agent-1", "self_consistency": "sample-1", "manager_worker": "worker-1"}[typed]

    class Slow(Fake):
        cut = 0

        async def complete(self, request: Request) -> Completion:
            if request.role not in (first, "manager"):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    self.cut += 1
                    raise
            return await super().complete(request)

    fake = Slow(lambda r: "1. a\n2. b\n3. c" if r.role == "manager" else "boom")
    record = answer(typed, fake)
    assert (record.outcome, record.error) == ("error", "server said 500")
    assert fake.cut == (4 if typed == "self_consistency" else 2)


def test_no_more_workers_than_asked_for(answer):
    """Five steps for two workers are two calls, which share all the steps."""
    fake = Fake(plan_reply("\n".join(f"{i}. step {i}" for i in range(1, 6))))
    record = answer("manager_worker:n_workers=2", fake)
    assert [r.role for r in fake.asked] == ["manager", "worker-1", "worker-2", "manager"]
    assert record.answer_metadata["plan"] == ["step 1; step 3; step 5", "step 2; step 4"]


def test_a_plan_is_read_in_linear_time():
    """Tens of thousands of spaces inside a step are read at once; a quadratic pattern would take a minute."""
    assert parse_plan("- a" + " " * 100_000 + "b  \n")[0].endswith(" b")


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_agents=5", 5),
        ("temperature=1", 1.0),
        ("early_stop=False", False),
        ("early_stop=yes", True),
        ("share=full", "full"),
        (" n_rounds = 4 ", 4),
    ],
)
def test_text_of_a_command_line_becomes_the_parameters_type(text, expected):
    """Numbers, truth values and words are read from their text."""
    bound = bind_strategy(parse_strategy(f"debate:{text}"))
    found = bound.params[text.partition("=")[0].strip()]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"n_agents": True}, "n_agents=True is not a whole number"),
        ({"n_agents": 3.5}, "n_agents=3.5 is not a whole number"),
        ({"n_agents": None}, "n_agents=None is not a whole number"),
        ({"temperature": "nan"}, "temperature='nan' is not a number"),
        ({"temperature": float("inf")}, "temperature=inf is not a number"),
        ({"early_stop": 1}, "early_stop=1 is not true or false"),
        ({"share": ["full"]}, "share=['full'] is not one of 'answer', 'full'"),
        ({3: 1}, "no parameter 3"),
    ],
)
def test_values_of_a_task_file_must_fit(params: dict[Any, Any], said):
    """What a YAML file says is held to the parameter's type, and never rounded or guessed."""
    with pytest.raises(UsageError, match=re.escape(said)):
        bind_strategy(Spec(name="debate", params=params))


def test_a_parameter_given_twice_is_refused():
    """The last of two values does not win in silence."""
    with pytest.raises(UsageError, match="n_agents was given twice"):
        parse_strategy("debate:n_agents=3,n_agents=5")


def test_all_parameters_are_known_and_which_were_written():
    """`params` holds the defaults too; `given` only what the user wrote, even where it is the default."""
    bound = bind_strategy(parse_strategy("self_consistency:n_samples=5"))
    assert bound.params == {"n_samples": 5, "temperature": 0.8}
    assert bound.given == {"n_samples"}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Registers for one test only."""
    monkeypatch.setattr(strategies, "_own", {})
    return lambda name, function: strategies.register(name)(function) and None


def test_a_label_is_fit_for_ids_and_file_names(register):
    """What an item id or a file name could not hold becomes a dash."""
    register("odd", lambda context, *, text="": None)
    assert bind_strategy(Spec(name="odd", params={"text": "a/b [c]"})).label.endswith(".text=a-b--c-")


def test_annotations_for_type_checkers_only_do_no_harm(register):
    """A strategy whose module imports `Context` under TYPE_CHECKING still takes and converts its parameters."""

    async def mine(context: Context, *, n: int = 1, warm: bool = False, share: float = 0.5) -> None:
        """Never run."""

    register("mine", mine)
    bound = bind_strategy(parse_strategy("mine:n=4,warm=yes,share=1"))
    assert bound.params == {"n": 4, "warm": True, "share": 1.0}


def test_a_parameter_may_be_a_list(register):
    """A list in a task file reaches a strategy that asks for one."""

    async def listed(context: Any, *, words: list[str] = []) -> None:  # noqa: B006
        """Never run."""

    register("listed", listed)
    assert bind_strategy(Spec(name="listed", params={"words": ["a"]})).params == {"words": ["a"]}


def test_a_parameter_without_default_is_asked_for(register):
    """A strategy that needs a value says which."""

    async def needy(context: Any, *, words: str) -> None:
        """Never run."""

    register("needy", needy)
    with pytest.raises(UsageError, match="needs a value for words"):
        bind_strategy(Spec(name="needy"))
