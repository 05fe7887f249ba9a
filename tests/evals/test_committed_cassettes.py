"""The committed cassettes match the committed model: 20 recorded calls are repeated."""

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


def test_twenty_repeated_calls_match(calls):
    """Repeated calls, greedy and sampled, have the recorded text, finish reason and tokens."""
    from pytest_hiddenlayer.providers.mlx.provider import MlxProvider

    selected = random.Random(4).sample(calls, 20)
    assert {call.key_fields["params"]["temperature"] > 0 for call in selected} == {True, False}

    async def complete_all() -> list[Completion]:
        provider = MlxProvider()
        try:
            return await asyncio.gather(*(provider.complete(request_of(call.key_fields)) for call in selected))
        finally:
            await provider.close()

    repeated = [comparable(completion) for completion in asyncio.run(complete_all())]
    assert repeated == [comparable(call.completion) for call in selected]


def comparable(completion: Completion):
    """Return the parts of a completion that do not depend on concurrent calls."""
    usage = replace(completion.usage, cached_input_tokens=0, cache_write_tokens=0)
    return completion.text, completion.finish_reason, usage


def test_the_cassette_has_calls_of_every_role(calls):
    """The cassette has more than a thousand calls, and every role occurs."""
    roles = {call.key_fields["role"].rstrip("0123456789") for call in calls}
    assert len(calls) > 1000
    assert {"answer", "agent-", "judge", "manager", "worker-", "sample-"} <= roles
