"""The committed cassettes are what the committed model says: 20 calls are asked anew."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.calls.cassettes.format import read_cassette
from pytest_hiddenlayer.models import BUNDLED
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

pytest.importorskip("mlx.core", reason=NEEDS_MLX)
CASSETTES = Path(__file__).parents[2] / "fixtures" / "cassettes"


@pytest.fixture(scope="module")
def calls():
    """All recorded calls."""
    return list(read_cassette(CASSETTES / f"mlx-{BUNDLED}.jsonl"))


def request_of(identity) -> Request:
    params = dict(identity["params"])
    if "stop" in params:
        params["stop"] = tuple(params["stop"])
    return Request(
        messages=tuple(Message(**message) for message in identity["messages"]),
        params=GenerationConfig(**params),
        seed=identity["seed"],
        role=identity["role"],
        round=identity["round"],
        sample_id=identity["sample"],
        epoch=identity["epoch"],
    )


def test_twenty_calls_asked_anew(calls):
    """Text, finish reason and tokens are the recorded ones, greedy and sampled."""
    from pytest_hiddenlayer.providers.mlx.provider import MlxProvider

    chosen = random.Random(4).sample(calls, 20)
    assert {call.identity["params"]["temperature"] > 0 for call in chosen} == {True, False}

    async def ask() -> list[Completion]:
        provider = MlxProvider()
        try:
            return await asyncio.gather(*(provider.complete(request_of(call.identity)) for call in chosen))
        finally:
            await provider.close()

    assert list(map(told, asyncio.run(ask()))) == [told(call.completion) for call in chosen]


def told(completion: Completion):
    """What does not depend on what else is asked."""
    usage = replace(completion.usage, cached_input_tokens=0, cache_write_tokens=0)
    return completion.text, completion.finish_reason, usage


def test_every_task_has_its_calls(calls):
    """A thousand calls and more, of every kind of role."""
    roles = {call.identity["role"].rstrip("0123456789") for call in calls}
    assert len(calls) > 1000
    assert {"answer", "agent-", "judge", "manager", "worker-", "sample-"} <= roles
