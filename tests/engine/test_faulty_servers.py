"""The engine against a server with faults: everything completes, deadlines hold, and no key is ever told."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from fake_server import standin
from fake_server.asking import KEY

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.types import GenerationConfig, Message, ModelName, Record, Request, Sample, Spec, Task

SHARES = {"429": 0.092, "500": 0.092, "529": 0.092, "drop": 0.06, "cut": 0.06, "html": 0.06}
"""Three of ten of the requests for these 500 prompts, as the stand-in draws."""
PATHS = {"openai": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": ""}


@contextmanager
def engine(provider: str, server, **options):
    """A runtime whose provider speaks to the stand-in."""
    more = {"cache": "off", "base_urls": {provider: f"{server.url}{PATHS[provider]}"}, **options}
    runtime = Runtime(RunOptions(providers=(ModelName(provider=provider, model="standin-1"),), **more), "r")
    try:
        yield runtime
    finally:
        runtime.close()


def answered(runtime: Runtime, n: int, text: str = "q{i} ANSWER={i}") -> list[Record]:
    samples = tuple(Sample(id=f"s{i}", input=text.format(i=i), target=str(i)) for i in range(n))
    task = Task(name="t", path="t", samples=samples, scorers=(Spec(name="keyword"),))
    (cell,) = cells(task, runtime.options)
    return [runtime.wait(future) for future in [runtime.submit(case) for case in cases(cell)]]


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.mark.parametrize("provider", PATHS)
def test_five_hundred_of_five_hundred(provider, monkeypatch):
    """With 30 % of requests failing in six ways all 500 samples complete, with at most 1.5 requests each."""
    monkeypatch.setattr("pytest_hiddenlayer.calls.factory.FIRST_WAIT_S", 0.05)
    with standin(faults=SHARES) as server, engine(provider, server) as runtime:
        runtime.provider(runtime.options.providers[0])
        before = server.stats()["requests"]  # what opening asks: Ollama's list of models
        records = answered(runtime, 500)
        asked = server.stats()["requests"] - before
    assert [r.outcome for r in records] == ["correct"] * 500
    attempts = sum(call.get("attempts", 1) for record in records for call in record.transcript)
    print(f"{provider}: {asked / 500:.3f} requests a sample")
    assert attempts == asked
    assert (asked - 500) / asked >= 0.3
    assert asked / 500 <= 1.5


@pytest.mark.parametrize("provider", PATHS)
def test_a_trickling_body_meets_the_deadline(provider):
    """One byte a second: every attempt is cut off at its deadline, and so is the call as a whole."""
    with standin() as server, engine(provider, server, timeout_s=0.5) as runtime:
        line = runtime.provider(runtime.options.providers[0])
        asked = Request(messages=(Message(role="user", content="FAULT=trickle"),), params=GenerationConfig(), seed=1)

        async def attempt() -> None:
            async with asyncio.timeout(0.5):
                await line.provider.complete(asked)

        async def attempts() -> list[BaseException | None]:
            return await asyncio.gather(*(attempt() for _ in range(5)), return_exceptions=True)

        assert [type(error) for error in runtime.run(attempts())] == [TimeoutError] * 5
        (record,) = answered(runtime, 1, "FAULT=trickle")
    assert record.outcome == "error"
    assert "no whole answer within" in record.error


@pytest.mark.parametrize("provider", ["openai", "openai_responses", "anthropic"])
def test_a_key_that_is_echoed_is_nowhere(provider):
    """A server that answers 401 with the key in its words and headers: no record and no error shows it."""
    with standin(key="another") as server, engine(provider, server) as runtime:
        records = answered(runtime, 3)
        asked = server.stats()["requests"]
    assert [record.outcome for record in records] == ["error"] * 3
    assert asked == 3  # not asked again
    assert all("401" in str(record.error) for record in records)
    assert KEY not in repr(records)


def test_a_server_with_a_limit_is_kept_busy():
    """A server that turns away what is above 8 in flight: all complete, and hardly a request is in vain."""
    with standin(most_in_flight=8, latency_s=0.02) as server, engine("openai", server) as runtime:
        records = answered(runtime, 300)
        stats = server.stats()
    assert {record.outcome for record in records} == {"correct"}
    assert stats["requests"] / 300 < 1.5
    assert stats["max_in_flight"] >= 8
