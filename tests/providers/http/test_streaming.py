"""Answers in pieces are the answers that come at once, with the time to their first piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from fake_server import standin
from fake_server.asking import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.http.server import Server
from pytest_hiddenlayer.providers.http.streaming import ChatPieces, MessagePieces, ResponsePieces, accumulate
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion

MAKE = {
    "openai": lambda url: OpenAIProvider("standin-1", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("standin-1", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("standin-1", base_url=url),
}
PROMPTS = ["ANSWER=4", "REFUSE=1", "FINISH=length", "CACHED=3 ANSWER=x", "GZIP=1 ANSWER=5", "MODEL=other"]
SERVER = Server(provider="openai", model="m", url="http://127.0.0.1:1", key=KEY)


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


def said(provider: str, url: str, text: str, *, streams: bool, **more: Any) -> Completion:
    made = MAKE[provider](url)
    made.stream = streams
    return ask(made, request(text, **more))


@pytest.mark.parametrize("text", PROMPTS)
@pytest.mark.parametrize("provider", MAKE)
def test_in_pieces_as_at_once(provider, text):
    """Text, finish reason, usage, model and probabilities are the same; only times differ."""
    more = {} if provider == "anthropic" else {"top_logprobs": 2}
    with standin() as server:
        whole = said(provider, server.url, text, streams=False, **more)
        pieces = said(provider, server.url, text, streams=True, **more)
        assert server.stats()["last"]["body"]["stream"] is True
    assert whole.time_to_first_token_s is None
    if text != "REFUSE=1":
        assert 0 < pieces.time_to_first_token_s <= pieces.latency_s
    assert replace(pieces, latency_s=whole.latency_s, time_to_first_token_s=None) == whole


@pytest.mark.parametrize("provider", MAKE)
def test_a_stream_that_breaks_off(provider):
    """Half an answer is none: it may be asked again."""
    with standin(faults={"cut": 1.0}) as server, pytest.raises(TransientError):
        said(provider, server.url, "ANSWER=4", streams=True)


@pytest.mark.parametrize("provider", MAKE)
def test_a_refused_stream(provider):
    """A status that is not 200 means what it means without streaming, and shows no key."""
    with standin(key="another") as server, pytest.raises(ProviderError, match="401") as error:
        said(provider, server.url, "ANSWER=4", streams=True)
    assert KEY not in str(error.value)


async def events(*several: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
    for one in several:
        yield one


def together(pieces: Any, *several: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    return asyncio.run(accumulate(SERVER, events(*several), pieces))


def test_an_error_in_the_middle():
    """An overloaded server asks for fewer calls; the vendor's word for it has no status of its own."""
    start = {"type": "message_start", "message": {"model": "m"}}
    with pytest.raises(TransientError, match="529: busy") as error:
        together(MessagePieces(), start, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})
    assert error.value.slow_down
    with pytest.raises(ProviderError, match="400"):
        together(ChatPieces(), {"error": {"code": 400, "message": "no"}})


@pytest.mark.parametrize("pieces", [ChatPieces, ResponsePieces, MessagePieces])
def test_a_stream_without_an_end(pieces):
    """Nothing, or events of another form: a transient error that says so."""
    with pytest.raises(TransientError, match="ended before the answer did"):
        together(pieces(), {"type": "ping"})
    with pytest.raises(TransientError, match="without proper event"):
        together(pieces(), {"type": "message_start", "choices": ["x"], "object": "response", "response": 5})


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (ChatPieces, {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}),
        (ResponsePieces, {"object": "response", "error": None, "output": []}),
        (MessagePieces, {"type": "message", "content": []}),
    ],
)
def test_a_server_that_does_not_stream(pieces, whole):
    """Its answer counts as it is, without a time to the first token."""
    assert together(pieces(), whole) == (whole, None)
