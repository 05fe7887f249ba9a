"""What holds for all strategies of sampling and refinement."""

from __future__ import annotations

import pytest
from support.strategies import TASK, FakeProvider

from pytest_hiddenlayer.errors import BudgetExceededError
from pytest_hiddenlayer.types import Completion, Request

STRATEGIES = [
    "universal_self_consistency",
    "best_of_n",
    "weighted_vote",
    "generative_selection",
    "generative_selection:method=knockout",
    "self_refine",
    "reflexion",
    "chain_of_verification",
    "plan_and_solve",
    "least_to_most",
    "step_back",
]


def reply(request: Request) -> str:
    """A reply that every strategy can go on with; samples differ."""
    if request.role in ("planner", "decomposer"):
        return "1. What is {a}?\n2. What is {{ b }}?"
    return {"judge-1": "Rating: 5", "evaluator": "Verdict: incorrect"}.get(
        request.role, f"Choice: 1\n{{x}} {{{{ y }}}} {{% z %}} says {request.role}"
    )


@pytest.mark.parametrize("typed", STRATEGIES)
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every prompt."""
    fake = FakeProvider(reply)
    answer(typed, fake, task=TASK + "system: You are careful.\n")
    assert len(fake.requests) > 1
    assert {(r.messages[0].role, r.messages[0].content) for r in fake.requests} == {("system", "You are careful.")}


@pytest.mark.parametrize("typed", STRATEGIES)
def test_braces_stay_literal(answer, typed):
    """Braces in the task and in replies reach the model as they are; none is filled in as a template."""
    fake = FakeProvider(reply)
    answer(typed, fake, task=TASK.replace("6*7", "{task} of {{ '{{ task }}' }}"))
    asked = [r for r in fake.requests if not r.role.startswith(("verifier", "abstractor"))]
    assert all(any("{task} of" in message.content for message in r.messages) for r in asked)


@pytest.mark.parametrize("typed", STRATEGIES)
def test_a_budget_that_ends_midway_is_an_outcome(answer, typed):
    """If the budget ends after the first calls, the record is skipped with the reason and keeps the calls made."""

    class Poor(FakeProvider):
        async def complete(self, request: Request) -> Completion:
            if not request.role.startswith("sample-") and len(self.requests) > 0:
                raise BudgetExceededError("the budget of 1 call is spent")
            return await super().complete(request)

    fake = Poor(reply)
    record = answer(typed, fake)
    assert (record.outcome, record.transcript != []) == ("skipped", True)
    assert "the budget of 1 call is spent" in record.error


@pytest.mark.parametrize("typed", STRATEGIES)
def test_a_failing_call_is_an_error(answer, typed):
    """A call that fails makes the record an error with the server's words, not a score."""
    fake = FakeProvider(lambda r: reply(r) if r.role.startswith("sample-") or not r.round else "boom")
    record = answer(typed.replace("best_of_n", "best_of_n:n_samples=2"), fake)
    assert (record.outcome, record.error) == ("error", "server said 500")


@pytest.mark.parametrize(
    "typed",
    ["universal_self_consistency", "best_of_n", "weighted_vote", "generative_selection", "reflexion", "step_back"],
)
def test_without_a_readable_result_there_is_no_output(answer, typed):
    """If what decides cannot be read, no answer is shown as if it had been chosen."""
    fake = FakeProvider(lambda r: f"It is {r.role[-1]}." if r.role.startswith(("sample", "agent")) else "")
    record = answer(typed, fake)
    assert (record.outcome, record.output) == ("unscored", None)
    assert "; " in record.error
