"""What holds for all strategies: system messages, literal prompts, cancelled calls."""

from __future__ import annotations

import asyncio

import pytest
from support.strategies import TASK, FakeProvider, plan_reply

from pytest_hiddenlayer.types import Completion, Request


@pytest.mark.parametrize("typed", ["debate", "manager_worker", "self_consistency", "single"])
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every prompt of a strategy."""
    fake = FakeProvider(plan_reply("1. a\n2. b") if typed == "manager_worker" else lambda _: "42")
    answer(typed, fake, task=TASK + "system: You are careful.\n")
    openings = {(r.messages[0].role, r.messages[0].content, len(r.messages)) for r in fake.requests}
    assert openings == {("system", "You are careful.", 2)}


@pytest.mark.parametrize("typed", ["debate", "manager_worker"])
def test_braces_in_a_task_reach_the_model(answer, typed):
    """A question with braces stays literal, in later prompts too."""
    fake = FakeProvider(plan_reply("1. take {b}\n2. c") if typed == "manager_worker" else lambda _: "{a} 42")
    assert answer(typed, fake, task=TASK.replace("6*7", "{task} of {0}")).outcome == "correct"
    assert all("{task} of {0}" in prompt for prompt in fake.prompts())


@pytest.mark.parametrize("typed", ["debate", "self_consistency", "manager_worker"])
def test_one_failing_call_cancels_the_others(answer, typed):
    """If a call of a round fails, the other calls of that round are cancelled."""
    first = {"debate": "agent-1", "self_consistency": "sample-1", "manager_worker": "worker-1"}[typed]

    class Slow(FakeProvider):
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
