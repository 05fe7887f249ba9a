"""The engine against a faulty server: samples complete, deadlines hold and no API key is revealed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_server import fake_server
from fake_server.requests import KEY

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.types import GenerationConfig, Message, ModelName, Record, Request, Sample, Spec, Task

SHARES = {"429": 0.092, "500": 0.092, "529": 0.092, "drop": 0.06, "cut": 0.06, "html": 0.06}
"""Share of requests per fault. With these 500 prompts, three of ten requests fail."""
PATHS = {"openai": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": ""}


@contextmanager
def engine(provider: str, server, **options: Any) -> Iterator[Runtime]:
    """A runtime whose provider calls the fake server."""
    settings = {"cache": "off", "base_urls": {provider: f"{server.url}{PATHS[provider]}"}, **options}
    runtime = Runtime(RunOptions(providers=(ModelName(provider=provider, model="fake-1"),), **settings), "r")
    try:
        yield runtime
    finally:
        runtime.close()


def run_samples(runtime: Runtime, n: int, text: str = "q{i} ANSWER={i}") -> list[Record]:
    """Return the records of `n` samples."""
    samples = tuple(Sample(id=f"s{i}", input=text.format(i=i), target=str(i)) for i in range(n))
    task = Task(name="t", path="t", samples=samples, scorers=(Spec(name="keyword"),))
    (cell,) = cells(task, runtime.options)
    return [runtime.wait(future) for future in [runtime.submit(case) for case in cases(cell)]]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """API keys that the fake server accepts."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.mark.parametrize("provider", PATHS)
def test_all_samples_complete_despite_faults(provider, monkeypatch):
    """With 30 % of requests failing in six ways, all 500 samples complete with at most 1.5 requests each."""
    monkeypatch.setattr("pytest_hiddenlayer.calls.factory.FIRST_WAIT_S", 0.05)
    with fake_server(faults=SHARES) as server, engine(provider, server) as runtime:
        runtime.provider(runtime.options.providers[0])
        before = server.stats()["requests"]  # opening Ollama requests its list of models
        records = run_samples(runtime, 500)
        requests = server.stats()["requests"] - before
    assert [record.outcome for record in records] == ["correct"] * 500
    attempts = sum(call.get("attempts", 1) for record in records for call in record.transcript)
    assert attempts == requests
    assert (requests - 500) / requests >= 0.3
    assert requests / 500 <= 1.5


@pytest.mark.parametrize("provider", PATHS)
def test_a_trickling_body_meets_the_deadline(provider):
    """Against a body of one byte per second, each attempt ends at its deadline, and the retries end in an error."""
    with fake_server() as server, engine(provider, server, timeout_s=0.5) as runtime:
        client = runtime.provider(runtime.options.providers[0])
        messages = (Message(role="user", content="FAULT=trickle"),)
        request = Request(messages=messages, params=GenerationConfig(), seed=1)

        async def attempt() -> None:
            async with asyncio.timeout(0.5):
                await client.provider.complete(request)

        async def attempts() -> list[Any]:
            return await asyncio.gather(*(attempt() for _ in range(5)), return_exceptions=True)

        results = runtime.run(attempts())
        (record,) = run_samples(runtime, 1, "FAULT=trickle")
    assert [type(result) for result in results] == [TimeoutError] * 5
    assert record.outcome == "error"
    assert "no complete answer within" in record.error


@pytest.mark.parametrize("provider", ["openai", "openai_responses", "anthropic"])
def test_an_echoed_key_is_redacted(provider):
    """If a server answers 401 with the key in its body and headers, no record contains the key."""
    with fake_server(key="another") as server, engine(provider, server) as runtime:
        records = run_samples(runtime, 3)
        requests = server.stats()["requests"]
    assert [record.outcome for record in records] == ["error"] * 3
    assert requests == 3  # a 401 is not retried
    assert all("401" in str(record.error) for record in records)
    assert KEY not in repr(records)


def test_a_limited_server_is_kept_busy():
    """If a server refuses more than 8 calls in flight, all samples complete with few refused requests."""
    with fake_server(most_in_flight=8, latency_s=0.02) as server, engine("openai", server) as runtime:
        records = run_samples(runtime, 300)
        stats = server.stats()
    assert {record.outcome for record in records} == {"correct"}
    assert stats["requests"] / 300 < 1.5
    assert stats["max_in_flight"] >= 8


@pytest.mark.parametrize("provider", PATHS)
def test_a_wrong_key_costs_few_requests(provider):
    """After the first 401 nothing more is sent: 100 samples cost the requests in flight, and there are two errors."""
    with fake_server() as good, engine(provider, good) as runtime:
        runtime.provider(runtime.options.providers[0])  # Ollama's list of models needs the key as well
        records = run_samples(runtime, 100, "q{i} FAULT=401")
        requests = good.stats()["requests"]
    assert {record.outcome for record in records} == {"error"}
    assert requests <= 20
    texts = {record.error for record in records}
    assert len(texts) == 2
    short, whole = sorted(texts, key=lambda text: not text.startswith("not sent"))
    assert short == f"not sent, because an earlier call failed: {whole}"


@pytest.mark.parametrize("fault", ["html", "text", "empty", "odd", "garbage"])
@pytest.mark.parametrize("provider", ["openai", "openai_responses", "anthropic"])
def test_a_server_of_another_kind_is_asked_three_times(provider, fault, monkeypatch):
    """A server that answers 200 with something else is an error after three attempts, the same for every sample."""
    monkeypatch.setattr("pytest_hiddenlayer.calls.factory.FIRST_WAIT_S", 0.01)
    with fake_server() as server, engine(provider, server) as runtime:
        records = run_samples(runtime, 5, f"FAULT={fault} {{i}}")
        requests = server.stats()["requests"]
    assert requests == 15
    (text,) = {record.error for record in records}
    assert text.endswith("(given up after 3 attempts)")


def test_a_base_url_without_v1_gets_a_hint(monkeypatch):
    """A web page at an address that does not end in /v1 is most likely the wrong address."""
    monkeypatch.setattr("pytest_hiddenlayer.calls.factory.FIRST_WAIT_S", 0.01)
    with fake_server() as server, engine("openai", server, base_urls={"openai": f"{server.url}/ui"}) as runtime:
        (record,) = run_samples(runtime, 1, "FAULT=html")
    assert "HTTP 200 with a web page, not JSON" in record.error
    assert "check the base URL, which usually ends in /v1" in record.error
