"""What holds for every strategy that orchestrates calls."""

from __future__ import annotations

import pytest
from support.strategies import TASK, FakeProvider

TYPED = {
    "manager_worker": "manager_worker",
    "mixture_of_agents": "mixture_of_agents:n_proposers=2",
    "tree_of_thoughts": "tree_of_thoughts:n_steps=2,breadth=1,n_generate=2,n_evaluate=1",
    "voted thoughts": "tree_of_thoughts:n_steps=1,n_generate=2,n_evaluate=1,evaluate=vote",
    "sampled thoughts": "tree_of_thoughts:n_steps=1,n_generate=2,generate=sample",
    "tool_use": "tool_use",
}


def replies(request):
    """Replies that every strategy can read, with braces and template marks in them."""
    if request.role == "solver" and request.round == 0:
        return "TOOL: calculator: 6*7"
    if request.role == "evaluator-1":
        return "sure\nChoice: 1"
    return "42" if request.role in ("aggregator", "answer", "solver") else "1. {{ 6*7 }} {a}\n2. {% b %} 42"


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every call, once."""
    fake = FakeProvider(replies)
    answer(typed, fake, task=TASK + "system: You are careful.\n")
    assert len(fake.requests) > 1
    for request in fake.requests:
        assert [m.content for m in request.messages if m.role == "system"] == ["You are careful."]
        assert request.messages[0].role == "system"


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_braces_reach_the_model(answer, typed):
    """A question and replies with braces stay literal in every later prompt."""
    fake = FakeProvider(replies)
    answer(typed, fake, task=TASK.replace("6*7", "{task} of {{ 0 }}"))
    assert all("{task} of {{ 0 }}" in request.messages[-1 if len(request.messages) < 3 else 0].content
               for request in fake.requests)  # fmt: skip
    later = [prompt for prompt in fake.prompts() if "{a}" in prompt]
    assert all("{{ 6*7 }} {a}" in prompt for prompt in later)
    assert later or typed == "tool_use"


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_a_failed_call_is_an_error_that_keeps_the_transcript(answer, typed):
    """If the second call fails, the record is an error, and the first call is in it."""
    fake = FakeProvider(lambda r: "boom" if len(fake.requests) > 1 else replies(r))
    record = answer(typed, fake)
    assert (record.outcome, record.error) == ("error", "server said 500")
    assert len(record.transcript) == 1
