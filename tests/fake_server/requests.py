"""Requests that the tests of providers send, and a key that must not appear in any message."""

from __future__ import annotations

import asyncio
from typing import Any

from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

KEY = "sk-fake-0123456789abcdef"


def request(
    text: str = "ANSWER=4", *, system: str | None = None, params: GenerationConfig | None = None, **more: Any
) -> Request:
    """Return a request with one user message."""
    first = () if system is None else (Message(role="system", content=system),)
    return Request(
        messages=(*first, Message(role="user", content=text)), params=params or GenerationConfig(), seed=7, **more
    )


def ask(provider: Provider, *requests: Request) -> Completion:
    """Send the requests one after another, close the provider, and return the last completion."""

    async def run() -> Completion:
        try:
            return [await provider.complete(request) for request in requests][-1]
        finally:
            await provider.close()

    return asyncio.run(run())
