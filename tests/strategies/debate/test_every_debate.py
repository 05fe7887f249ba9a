"""What holds for all kinds of debate of this package that read each other."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, TASK, FakeProvider

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import BudgetExceededError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import Completion, ModelName, Request, Sample, Spec, Task

KINDS = [
    "debate:history=true,topology=ring,agreement=5",
    "debate:summarize=true,topology=star",
    "mad:agreement=5",
    "debate_when_needed:trigger=disagreement,aggregation=judge",
    "debate_when_needed:trigger=verbalized",
]


def by_role(request: Request) -> str:
    """Debaters differ in round 0 and agree on 42 then; nobody is sure, and no moderator decides."""
    if request.role.startswith(("moderator", "confidence")):
        return "Answer: none" if request.role == "moderator" else "10"
    if request.round == 0 and request.role.startswith("agent"):
        return f"{{x}} {request.role[-1]}"
    return "{x} Answer: 42"


@pytest.mark.parametrize("typed", KINDS)
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every call once, chats included."""
    fake = FakeProvider(by_role)
    record = answer(typed, fake, task=TASK + "system: You are careful.\n")
    assert record.outcome == "correct"
    for request in fake.requests:
        assert [m.content for m in request.messages if m.role == "system"] == ["You are careful."]
        assert request.messages[0].role == "system"


@pytest.mark.parametrize("typed", KINDS)
def test_the_roles_of_a_chat_alternate(answer, typed):
    """Servers refuse two user messages in a row: every request is user, assistant, user, ..."""
    fake = FakeProvider(by_role)
    answer(typed, fake)
    for request in fake.requests:
        roles = [message.role for message in request.messages]
        assert roles == ["user" if i % 2 == 0 else "assistant" for i in range(len(roles))]
        assert roles[-1] == "user"


@pytest.mark.parametrize("typed", KINDS)
def test_braces_reach_the_model(answer, typed):
    """Texts of a task and of other agents are no templates."""
    fake = FakeProvider(by_role)
    answer(typed, fake, task=TASK.replace(QUESTION, "What is {{ 6*7 }} of {x}?"))
    assert all("{x}" in "".join(m.content for m in request.messages) for request in fake.requests)


@pytest.mark.parametrize("typed", KINDS)
def test_no_two_calls_share_a_seed(answer, typed):
    """Every call has a seed of its own."""
    fake = FakeProvider(by_role)
    answer(typed, fake)
    assert len({request.seed for request in fake.requests}) == len(fake.requests)


@pytest.mark.parametrize("typed", KINDS)
def test_a_budget_that_ends_in_a_round_skips_the_sample(answer, typed):
    """The outcome is `skipped`, there is no score, and the calls of round 0 are kept."""

    class Limited(FakeProvider):
        async def complete(self, request: Request) -> Completion:
            if request.round == 1:
                raise BudgetExceededError("the budget of $1 is spent")
            return await super().complete(request)

    record = answer(typed, Limited(by_role))
    assert (record.outcome, record.score) == ("skipped", None)
    assert record.transcript
    assert {call["round"] for call in record.transcript} == {0}


class Named(ScriptedProvider):
    """A provider whose completions carry its model's name; its agents never agree."""

    def __init__(self, model: str | None = None) -> None:
        super().__init__(script={"default": f"{model or 'plain'} 1"})
        self.model = model or "plain"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mad:agents=two:a+two:b,max_rounds=1", {"affirmative/0": "a", "negative/0": "b", "moderator/0": "plain"}),
        ("debate_when_needed:agents=two:a+two:b,trigger=verbalized", {"agent-2/0": "b", "confidence-2/0": "b"}),
        ("debate:agents=two:a+two:b,summarize=true", {"agent-3/1": "a", "summarizer-2/1": "b"}),
        ("debate:agents=two:a+two:b,history=true", {"agent-2/1": "b", "judge/2": "plain"}),
    ],
)
def test_agents_keep_their_models(monkeypatch, typed, expected):
    """Each agent has one model in all rounds, also for its confidence and summaries; the judge is the candidate."""
    monkeypatch.setattr(providers, "_registered", {"one": Named, "two": Named})
    samples = (Sample(id="a", input="q", target="x"),)
    task = Task(name="t", path="t", samples=samples, scorers=(Spec(name="exact"),))
    options = RunOptions(providers=(ModelName(provider="one"),), strategies=(parse_strategy(typed),))
    runtime = Runtime(options, "r")
    try:
        (case,) = (case for cell in cells(task, options) for case in cases(cell))
        record = runtime.wait(runtime.submit(case))
    finally:
        runtime.close()
    found = {f"{call['role']}/{call['round']}": call["model"] for call in record.transcript}
    assert found.items() >= expected.items()
