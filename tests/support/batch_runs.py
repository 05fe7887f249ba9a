"""Runs that send batches to a fake server; they share one ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fake_server import FakeServer
from fake_server.requests import request

from pytest_hiddenlayer.calls.batch.batcher import Batcher
from pytest_hiddenlayer.calls.batch.ledger import Ledger
from pytest_hiddenlayer.calls.batch.polling import PollBackoff
from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.cost.budget import Budget
from pytest_hiddenlayer.calls.cost.meter import CostMeter
from pytest_hiddenlayer.calls.cost.price_file import OwnPrice
from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion, Request

QUICK = RetryPolicy(attempts=4, first_wait_s=0.01, longest_wait_s=0.02)
VENDORS = {"openai": OpenAIProvider, "openai_responses": OpenAIResponsesProvider, "anthropic": AnthropicProvider}


class BatchRuns:
    """Clients with a batcher, each as a separate run opens it; the ledger stays."""

    def __init__(self, folder: Path, vendor: str, budget: str | None = None, price: str | None = None) -> None:
        self.folder, self.vendor, self.messages = folder, vendor, list[str]()
        self.budget = None if budget is None else Budget(limit=Decimal(budget))
        own = OwnPrice(
            provider=vendor, model="m", since=date(2026, 1, 1), input=Decimal(0), output=Decimal(price or 0)
        )
        self.prices = Prices([own] if price else [])
        self.batcher: Batcher | None = None

    def client(self, server: FakeServer, quiet_s: float = 0.1) -> ModelClient:
        name = self.vendor
        provider = VENDORS[name]("m", base_url=server.url + ("" if name == "anthropic" else "/v1"))
        meter, batch = (
            CostMeter(
                prices=self.prices,
                provider=name,
                price_list=None,
                model="m",
                free=False,
                budget=self.budget,
                batch=how,
            )
            for how in (False, True)
        )
        self.batcher = Batcher(
            provider.capabilities.batch_api,
            Ledger(self.folder, name, "m", provider.capabilities.endpoint),
            f"{name}:m",
            meter=batch,
            notify=self.messages.append,
            quiet_s=quiet_s,
            backoff=PollBackoff(first=0.05, longest=0.1),
            retry_policy=QUICK,
        )
        return ModelClient.for_provider(
            name, provider, AdaptiveLimiter(8), retry_policy=QUICK, meter=meter, batcher=self.batcher
        )

    def run(self, server: FakeServer, requests: Sequence[Request], *, release: bool = True) -> list[Any]:
        """The completions or errors of one run; with `release` it ends normally."""

        async def whole() -> list[Any]:
            client = self.client(server)
            try:
                return await asyncio.gather(*map(client.complete, requests), return_exceptions=True)
            finally:
                if release and client.batcher is not None:
                    client.batcher.release()
                await client.close()

        return asyncio.run(whole())

    def interrupted(self, server: FakeServer, requests: Sequence[Request]) -> list[str]:
        """Cancel a run once its batch was sent; return its sentences about pending batches."""

        async def cut() -> list[str]:
            client = self.client(server)
            assert client.batcher is not None
            asked = [asyncio.create_task(client.complete(one)) for one in requests]
            while not any("sent" in text for text in self.messages):
                await asyncio.sleep(0.02)
            said = client.batcher.pending_batches()
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await client.close()
            return said

        return asyncio.run(cut())

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


def independent(n: int, mark: str = "", **more: Any) -> list[Request]:
    """Requests that do not depend on an earlier answer, with `mark` in the last one."""
    texts = [f"ANSWER={i}" for i in range(n - bool(mark))] + ([f"ANSWER={n - 1} {mark}"] if mark else [])
    return [request(text, independent=True, **more) for text in texts]


def texts(answers: Sequence[Completion]) -> list[str]:
    return [one.text for one in answers]
