"""Streamed responses equal whole responses, and have the time to first token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from fake_server import fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.http.server import Server
from pytest_hiddenlayer.providers.http.streaming import (
    ChatAccumulator,
    MessagesAccumulator,
    ResponsesAccumulator,
    accumulate,
)
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion

PROVIDERS = {
    "openai": lambda url: OpenAIProvider("fake-1", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("fake-1", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("fake-1", base_url=url),
}
PROMPTS = ["ANSWER=4", "REFUSE=1", "FINISH=length", "CACHED=3 ANSWER=x", "GZIP=1 ANSWER=5", "MODEL=other"]
SERVER = Server(provider="openai", model="m", url="http://127.0.0.1:1", key=KEY)


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


def complete(provider: str, url: str, text: str, *, streams: bool, **more: Any) -> Completion:
    opened = PROVIDERS[provider](url)
    opened.stream = streams
    return ask(opened, request(text, **more))


@pytest.mark.parametrize("text", PROMPTS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_streamed_completion_equals_the_whole_one(provider, text):
    """Text, finish reason, usage, model and log-probabilities are the same; only times differ."""
    more = {} if provider == "anthropic" else {"top_logprobs": 2}
    with fake_server() as server:
        whole = complete(provider, server.url, text, streams=False, **more)
        streamed = complete(provider, server.url, text, streams=True, **more)
        assert server.stats()["last"]["body"]["stream"] is True
    assert whole.time_to_first_token_s is None
    if text != "REFUSE=1":
        assert 0 < streamed.time_to_first_token_s <= streamed.latency_s
    assert replace(streamed, latency_s=whole.latency_s, time_to_first_token_s=None) == whole


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_broken_stream_is_transient(provider):
    """An incomplete response is a transient error."""
    with fake_server(faults={"cut": 1.0}) as server, pytest.raises(TransientError):
        complete(provider, server.url, "ANSWER=4", streams=True)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_status_of_a_streamed_request_is_an_error(provider):
    """A status other than 200 is the same error as without streaming, and does not show the key."""
    with fake_server(key="another") as server, pytest.raises(ProviderError, match="401") as error:
        complete(provider, server.url, "ANSWER=4", streams=True)
    assert KEY not in str(error.value)


def combine(accumulator: Any, *events: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    async def stream() -> AsyncGenerator[dict[str, Any]]:
        for event in events:
            yield event

    return asyncio.run(accumulate(SERVER, stream(), accumulator))


def test_an_error_within_a_stream_has_its_status():
    """The status comes from the code of the error, or from the type that Anthropic documents."""
    start = {"type": "message_start", "message": {"model": "m"}}
    with pytest.raises(TransientError, match="529: busy") as error:
        combine(
            MessagesAccumulator(), start, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
        )
    assert error.value.slow_down
    with pytest.raises(ProviderError, match="400"):
        combine(ChatAccumulator(), {"error": {"code": 400, "message": "no"}})


@pytest.mark.parametrize("accumulator", [ChatAccumulator, ResponsesAccumulator, MessagesAccumulator])
def test_a_stream_without_its_last_event_is_transient(accumulator):
    """A stream that ends early, or has malformed events, is a transient error that says so."""
    with pytest.raises(TransientError, match="ended before the response was complete"):
        combine(accumulator(), {"type": "ping"})
    with pytest.raises(TransientError, match="without valid event"):
        combine(accumulator(), {"type": "message_start", "choices": ["x"], "object": "response", "response": 5})


@pytest.mark.parametrize(
    ("accumulator", "response"),
    [
        (ChatAccumulator, {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}),
        (ResponsesAccumulator, {"object": "response", "error": None, "output": []}),
        (MessagesAccumulator, {"type": "message", "content": []}),
    ],
)
def test_a_server_without_streaming_sends_the_whole_response(accumulator, response):
    """A whole response is returned unchanged, without a time to first token."""
    assert combine(accumulator(), response) == (response, None)
