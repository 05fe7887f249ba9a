"""Calls that are answered by batches of both vendors, and their cost."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, request
from support.batch_runs import VENDORS, BatchRuns, independent, texts

from pytest_hiddenlayer.errors import BudgetExceededError
from pytest_hiddenlayer.types import GenerationConfig, Request


def test_every_call_gets_its_own_answer(runs: BatchRuns):
    """200 calls are answered by one batch whose results come in another order; nothing is sent twice."""
    with fake_server(batch_s=0.3, key=KEY) as server:
        answers = runs.run(server, independent(200))
        stats = server.stats()
    assert texts(answers) == [f"The answer is {i}" for i in range(200)]
    assert (stats["batches"], stats["requests"]) == ([200], 0)
    assert all(one.batched and not one.cached and one.usage.output_tokens for one in answers)
    assert {(one.latency_s, one.time_to_first_token_s) for one in answers} == {(720.0, None)}
    assert runs.messages == [
        f"batch of 200 requests sent to {runs.vendor}:m (batch_0)",
        f"batch batch_0 of {runs.vendor}:m: collected 200 of 200 requests after 12 min",
    ]
    assert runs.files == []


def test_dependent_calls_are_synchronous(runs: BatchRuns):
    """Only the independent calls of a case are batched; the others do not wait for them."""
    with fake_server(batch_s=0.2) as server:
        answers = runs.run(server, [*independent(3), request("ANSWER=later")])
        stats = server.stats()
    assert [one.batched for one in answers] == [True] * 3 + [False]
    assert (stats["batches"], stats["requests"]) == ([3], 1)


def test_every_parameter_is_in_a_batch_as_in_a_call(tmp_path: Path, vendor: str):
    """The body of a batched request equals that of the same synchronous request."""
    params = GenerationConfig(temperature=0.5, max_tokens=9)
    with fake_server() as server:
        provider = VENDORS[vendor]("m", base_url=server.url + ("" if vendor == "anthropic" else "/v1"))
        one = request("hi", system="be brief", params=params)
        line = json.loads(provider.capabilities.batch_api.line("k", one))
        asyncio.run(_asked(provider, one))
        sent = server.stats()["last"]
    assert (line["custom_id"], line.get("params") or line["body"]) == ("k", sent["body"])
    if vendor == "anthropic":
        assert provider.capabilities.batch_api.kind(one) == sent["headers"]["anthropic-version"] == "2023-06-01"
    else:
        assert line["url"] == sent["path"]


async def _asked(provider: Any, one: Request) -> None:
    await provider.complete(one)
    await provider.close()


def test_each_kind_of_request_has_its_own_batch(tmp_path: Path):
    """Anthropic's API version is a header of the batch: requests that need another version go in another batch."""
    cool = independent(2, params=GenerationConfig(temperature=0.0))
    with fake_server() as server:
        answers = BatchRuns(tmp_path, "anthropic").run(server, [*cool, *independent(3)])
        assert sorted(server.stats()["batches"]) == [2, 3]
    assert texts(answers) == [f"The answer is {i}" for i in (0, 1, 0, 1, 2)]


def test_a_batch_is_bounded(runs: BatchRuns, monkeypatch: pytest.MonkeyPatch):
    """Above the endpoint's number of requests or bytes, another batch starts."""
    for name in ("OpenAIBatches", "AnthropicBatches"):
        module = f"pytest_hiddenlayer.providers.{name.removesuffix('Batches').lower()}_batch"
        monkeypatch.setattr(f"{module}.{name}.max_requests", 4)
    with fake_server() as server:
        assert texts(runs.run(server, independent(10))) == [f"The answer is {i}" for i in range(10)]
        assert sorted(server.stats()["batches"]) == [2, 4, 4]


def test_the_same_call_twice_is_sent_and_paid_once(runs: BatchRuns):
    """Two callers of one call share its request; the second answer is marked as cached."""
    one, two = independent(2)
    with fake_server() as server:
        answers = runs.run(server, [one, two, one])
        assert server.stats()["batches"] == [2]
    assert [done.cached for done in answers] == [False, False, True]
    assert answers[0].text == answers[2].text


def test_a_batched_call_costs_half(tmp_path: Path, vendor: str):
    """At $1000 per million output tokens, 4 tokens cost $0.002 in a batch and $0.004 without (11 if reasoning)."""
    runs = BatchRuns(tmp_path, vendor, budget="10", price="1000")
    with fake_server() as server:
        batched, alone = runs.run(server, [*independent(1), request("ANSWER=1")])
    tokens = 11 if vendor == "openai_responses" else 4
    assert (batched.cost_usd, alone.cost_usd) == (tokens * 0.0005, tokens * 0.001)
    assert runs.budget is not None
    assert (runs.budget.spent, runs.budget.reserved) == (Decimal(tokens) * Decimal("0.0015"), 0)


def test_the_budget_is_reserved_at_the_batch_price(tmp_path: Path, vendor: str):
    """10 tokens reserve $0.005 in a batch, and 4 cost $0.002: $0.013 has room for two calls at once.

    The others wait until those settle, until too little is left for another call. The answers
    of `openai_responses` have 11 tokens and leave nothing.
    """
    batches = [2] if vendor == "openai_responses" else [2, 1, 1, 1]
    runs = BatchRuns(tmp_path, vendor, budget="0.013", price="1000")
    params = GenerationConfig(max_tokens=10)
    with fake_server() as server:
        answers = runs.run(server, independent(6, params=params))
        assert server.stats()["batches"] == batches
    assert [isinstance(one, BudgetExceededError) for one in answers] == [i >= sum(batches) for i in range(6)]
    assert "it may cost $0.005000" in str(answers[5])


def test_an_unanswered_request_costs_nothing(tmp_path: Path, vendor: str):
    """An expired request costs nothing in the batch, and the full price afterwards."""
    runs = BatchRuns(tmp_path, vendor, budget="10", price="1000")
    with fake_server() as server:
        (done,) = runs.run(server, independent(1, "FAULT=expired*1"))
    tokens = 11 if vendor == "openai_responses" else 4
    assert done.cost_usd == tokens * 0.001
    assert runs.budget is not None
    assert (runs.budget.spent, runs.budget.unconfirmed) == (tokens * Decimal("0.001"), 0)


def test_batches_do_not_change_the_limiter(tmp_path: Path, vendor: str):
    """A batched call holds no slot and changes no bound."""
    runs = BatchRuns(tmp_path, vendor)

    async def run(server: FakeServer) -> tuple[int, int]:
        client = runs.client(server)
        await asyncio.gather(*map(client.complete, independent(30)))
        await client.close()
        return client.limiter.bound, client.limiter.peak

    with fake_server() as server:
        assert asyncio.run(run(server)) == (8, 0)
