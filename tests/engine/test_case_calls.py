"""The calls of one case: which are written, and which of an earlier run are reused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.engine.unfinished.case_calls import CaseCalls
from pytest_hiddenlayer.engine.unfinished.completed_call import CompletedCall
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage


class Echo:
    """Answers with the prompt; an answer waits until `go` is set."""

    model = "m"

    def __init__(self, **values: Any) -> None:
        self.asked: list[str] = []
        self.values = {"latency_s": 0.5, "cost_usd": 0.25, **values}
        self.go = asyncio.Event()
        self.go.set()

    async def complete(self, request: Request) -> Completion:
        prompt = request.messages[-1].content
        self.asked.append(prompt)
        await self.go.wait()
        usage = Usage(input_tokens=1, output_tokens=2, calls=1)
        return Completion(text=f"to {prompt}", finish_reason="stop", usage=usage, model="m", **self.values)


def request(prompt: str, **values: Any) -> Request:
    fields = {"params": GenerationConfig(), "seed": 1, "role": "agent", "round": 0, **values}
    return Request(messages=(Message(role="user", content=prompt),), **fields)


def calls_of(written: list[CompletedCall], earlier: Sequence[CompletedCall] = ()) -> CaseCalls:
    return CaseCalls(lambda: "key", written.extend, earlier)


def test_a_case_of_one_call_writes_nothing():
    """A case pays for the log only if it makes a second call."""
    written: list[CompletedCall] = []

    async def run() -> None:
        await calls_of(written).complete(Echo(), request("a"), "")

    asyncio.run(run())
    assert written == []


def test_a_call_is_written_before_the_next_one_is_sent():
    """When a call is sent, all calls before it are on disk."""
    written: list[CompletedCall] = []

    class Looking(Echo):
        async def complete(self, request: Request) -> Completion:
            assert [call.completion.text for call in written] == [f"to {prompt}" for prompt in self.asked]
            return await super().complete(request)

    async def run() -> None:
        calls, echo = calls_of(written), Looking()
        for prompt in "abc":
            await calls.complete(echo, request(prompt), "")

    asyncio.run(run())
    assert len(written) == 2


def test_a_call_is_written_while_others_are_in_flight():
    """Of calls at the same time, each is written when it is answered, apart from the last one."""
    written: list[CompletedCall] = []

    async def run() -> None:
        calls, slow, fast = calls_of(written), Echo(), Echo()
        slow.go.clear()
        waiting = asyncio.ensure_future(calls.complete(slow, request("slow"), ""))
        await asyncio.sleep(0)
        await calls.complete(fast, request("fast"), "")
        assert [call.completion.text for call in written] == ["to fast"]
        slow.go.set()
        await waiting

    asyncio.run(run())
    assert len(written) == 1


def test_what_is_cheap_to_ask_again_is_not_written():
    """Answers of the cache, and free answers at once, are not written."""
    for values in ({"cached": True}, {"latency_s": 0.0, "cost_usd": 0.0}):
        written: list[CompletedCall] = []

        async def run(written: list[CompletedCall] = written, values: dict[str, Any] = values) -> None:
            calls, echo = calls_of(written), Echo(**values)
            for prompt in "ab":
                await calls.complete(echo, request(prompt), "")

        asyncio.run(run())
        assert written == []


def earlier(prompts: str) -> list[CompletedCall]:
    """The calls that a killed run made."""
    written: list[CompletedCall] = []

    async def run() -> None:
        calls, echo = calls_of(written), Echo()
        for prompt in [*prompts, "more"]:
            await calls.complete(echo, request(prompt), "")

    asyncio.run(run())
    return [CompletedCall.from_json(call.to_json()) for call in written]


@given(st.permutations("abcdef"), st.permutations("abc"))
def test_answers_are_not_mixed_up(order, before):
    """In whatever order the calls of a case are made now and were made then, each gets its own answer, once."""
    echo, made = Echo(), earlier("".join(before))

    async def run() -> list[Completion]:
        calls = calls_of([], made)
        return await asyncio.gather(*(calls.complete(echo, request(prompt), "") for prompt in order))

    found = asyncio.run(run())
    assert [completion.text for completion in found] == [f"to {prompt}" for prompt in order]
    assert sorted(echo.asked) == ["d", "e", "f"]


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({"seed": 2}, ""),
        ({"params": GenerationConfig(temperature=0.5)}, ""),
        ({"params": GenerationConfig(max_tokens=9)}, ""),
        ({"role": "other"}, ""),
        ({"round": 1}, ""),
        ({"schema": {"type": "object"}}, ""),
        ({}, "judge"),
    ],
)
def test_another_call_is_asked(values, asked):
    """A call with another seed, parameter, role, round or schema, or to another model, is asked."""
    echo, made = Echo(), earlier("a")

    async def run() -> None:
        await calls_of([], made).complete(echo, request("a", **values), asked)

    asyncio.run(run())
    assert echo.asked == ["a"]


def test_a_reused_call_keeps_its_cost_time_and_tokens():
    """What the call took and cost is that of the first run; the case began with that run."""
    made = earlier("ab")

    async def run() -> tuple[CaseCalls, Completion]:
        calls = calls_of([], made)
        return calls, await calls.complete(Echo(), request("b"), "")

    calls, completion = asyncio.run(run())
    assert (completion.cost_usd, completion.latency_s, completion.cached) == (0.25, 0.5, False)
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (1, 2)
    assert calls.started_at == made[0].started_at
    assert calls.elapsed_s() >= made[1].elapsed_s


@pytest.mark.parametrize(
    "values",
    [
        {"cost_usd": 0.0},
        {"cost_usd": None},
        {"latency_s": 0.0, "time_to_first_token_s": 0.0},
        {"logprobs": (0.0, -0.5), "token_texts": ("a", ""), "entropies": (0.0, None)},
        {"cached": True, "batched": True, "attempts": 3, "warnings": ("w",), "reasoning": "r"},
    ],
)
def test_a_call_is_read_as_it_was_written(values):
    """What is known of a call is known to the run that resumes it: a cost of 0 is no unknown cost."""
    values = {"cost_usd": 0.0, "latency_s": 0.5, **values}
    usage = Usage(input_tokens=1, output_tokens=2, calls=1)
    completion = Completion(text="", finish_reason="stop", usage=usage, model="m", **values)
    call = CompletedCall(
        key="k", started_at="2026-01-01T00:00:00+00:00", request="r", elapsed_s=0.0, completion=completion
    )
    assert CompletedCall.from_json(json.loads(json.dumps(call.to_json()))) == call
