"""Measures the CPU time per call through the official clients, for each way to use them, in one run.

    python benchmarks/client_cost.py [CALLS] [REPEATS] [CONCURRENCY]

The server is the tests' fake server, without latency and in its own process. Only the CPU time
of this process counts. A provider's figure includes building the request body, error handling
and building the completion.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fake_server import fake_server

from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

MODEL = "fake-1"
TEXT = "What is 2 + 2? ANSWER=4"
MESSAGES = [{"role": "user", "content": TEXT}]
BODY = {"model": MODEL, "messages": MESSAGES, "temperature": 0.5, "max_tokens": 64}
REQUEST = Request(
    messages=(Message(role="user", content=TEXT),), params=GenerationConfig(temperature=0.5, max_tokens=64), seed=7
)
Call = Callable[[], Awaitable[object]]
Variant = Callable[[str], tuple[Call, Call]]  # URL → (one call, close)


def main(calls: int = 1000, repeats: int = 3, concurrency: int = 32) -> None:
    """Print the median CPU milliseconds per call of each variant."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        os.environ.setdefault(name, "none")
    with fake_server(process=True) as server:
        cpu_s: dict[str, list[float]] = {name: [] for name in VARIANTS}
        for _ in range(repeats):
            for name, variant in VARIANTS.items():
                cpu_s[name].append(asyncio.run(_cpu_s(variant, server.url, calls, concurrency)))
    for name, values in cpu_s.items():
        print(f"{name:42} {1000 * statistics.median(values) / calls:6.2f} ms")


async def _cpu_s(variant: Variant, url: str, calls: int, concurrency: int) -> float:
    call, close = variant(url)
    remaining = iter(range(calls))

    async def work() -> None:
        for _ in remaining:
            await call()

    await asyncio.gather(*(call() for _ in range(concurrency)))
    began = time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    cpu_s = time.process_time() - began
    await close()
    return cpu_s


def _openai(transport: str, use: str) -> Variant:
    def variant(url: str) -> tuple[Call, Call]:
        import httpx2
        import openai

        http = openai.DefaultAioHttpClient() if transport == "aiohttp" else openai.DefaultAsyncHttpxClient()
        client = openai.AsyncOpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0, http_client=http)
        arguments: dict[str, Any] = BODY
        create, raw = client.chat.completions.create, client.chat.completions.with_raw_response.create

        async def built() -> object:
            return (await create(**arguments)).choices[0].message.content

        async def parsed() -> object:
            return json.loads((await raw(**arguments)).content)

        async def posted() -> object:
            return json.loads((await client.post("/chat/completions", cast_to=httpx2.Response, body=BODY)).content)

        return {"built": built, "raw": parsed, "posted": posted}[use], client.close

    return variant


def _anthropic(url: str) -> tuple[Call, Call]:
    import anthropic

    client = anthropic.AsyncAnthropic(api_key="none", base_url=url, max_retries=0)
    arguments: dict[str, Any] = {"model": MODEL, "messages": MESSAGES, "max_tokens": 64}
    return lambda: client.messages.create(**arguments), client.close


def _ollama(url: str) -> tuple[Call, Call]:
    import ollama

    client = ollama.AsyncClient(url)
    return lambda: client.chat(MODEL, MESSAGES), client.close


def _bare(url: str) -> tuple[Call, Call]:
    import aiohttp

    session = aiohttp.ClientSession()

    async def call() -> object:
        async with session.post(f"{url}/v1/chat/completions", json=BODY) as response:
            return json.loads(await response.read())

    return call, session.close


def _provider(factory: Callable[..., Any], path: str, streams: bool | None = None) -> Variant:
    def variant(url: str) -> tuple[Call, Call]:
        provider = factory(MODEL, base_url=f"{url}{path}")
        if streams is not None:
            provider._streams = streams
        return lambda: provider.complete(REQUEST), provider.close

    return variant


VARIANTS: dict[str, Variant] = {
    "openai: httpx, objects (default)": _openai("httpx", "built"),
    "openai: aiohttp, objects": _openai("aiohttp", "built"),
    "openai: httpx, raw response": _openai("httpx", "raw"),
    "openai: aiohttp, raw response": _openai("aiohttp", "raw"),
    "openai: httpx, post": _openai("httpx", "posted"),
    "openai: aiohttp, post": _openai("aiohttp", "posted"),
    "provider openai": _provider(OpenAIProvider, "/v1"),
    "provider openai_responses": _provider(OpenAIResponsesProvider, "/v1"),
    "anthropic: httpx, objects (default)": _anthropic,
    "provider anthropic": _provider(AnthropicProvider, ""),
    "ollama: httpx, objects (default)": _ollama,
    "provider ollama, whole": _provider(OllamaProvider, "", False),
    "provider ollama, streamed": _provider(OllamaProvider, "", True),
    "bare aiohttp": _bare,
}

if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
