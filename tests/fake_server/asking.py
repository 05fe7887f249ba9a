"""What the providers' tests share: one request, and what a provider makes of it."""

from __future__ import annotations

import asyncio
from typing import Any

from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

KEY = "sk-standin-0123456789abcdef"


def request(
    text: str = "ANSWER=4", *, system: str | None = None, params: GenerationConfig | None = None, **more: Any
) -> Request:
    """A request with one user message."""
    first = () if system is None else (Message(role="system", content=system),)
    return Request(
        messages=(*first, Message(role="user", content=text)), params=params or GenerationConfig(), seed=7, **more
    )


def ask(provider: Provider, *requests: Request) -> Completion:
    """The last request's completion, all asked one after another, the provider closed."""

    async def run() -> Completion:
        try:
            return [await provider.complete(one) for one in requests][-1]
        finally:
            await provider.close()

    return asyncio.run(run())
