"""Anthropic's messages, against the fake server: what is sent and what is returned."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, ProviderUnavailableError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request, Usage


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_server() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)


def open_provider(server: FakeServer) -> AnthropicProvider:
    return AnthropicProvider("m", base_url=server.url)


def sent(server: FakeServer) -> dict[str, Any]:
    request: dict[str, Any] = server.stats()["last"]
    return request


def test_cached_tokens_are_counted_as_input(server: FakeServer):
    """The API reports cached tokens separately from the input; here they are part of it."""
    completion = ask(open_provider(server), request("CACHED=5 ANSWER=4"))
    assert (completion.text, completion.finish_reason, completion.model, completion.cost_usd) == (
        "The answer is 4",
        "stop",
        "m",
        0.0,
    )
    assert completion.usage == Usage(
        input_tokens=5 + 5 + 3, output_tokens=4, cached_input_tokens=5, cache_write_tokens=3, calls=1
    )


def test_the_system_message_is_a_separate_field(server: FakeServer):
    """The system text is not among the messages, and a token limit is always sent."""
    ask(open_provider(server), request("hi", system="be brief"))
    assert sent(server)["path"] == "/v1/messages"
    assert sent(server)["body"] == {
        "model": "m",
        "max_tokens": 4096,
        "system": "be brief",
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_sampling_parameters_use_the_api_version_that_has_them(server: FakeServer):
    """A request with sampling parameters uses the older version of the API, any other the default of the SDK.

    A stop text of white space is not sent, because the API rejects it.
    """
    ask(
        open_provider(server),
        request("hi", params=GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n", "\nQ:"))),
    )
    assert sent(server)["headers"]["anthropic-version"] == "2023-06-01"
    body = sent(server)["body"]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["stop_sequences"]) == (0.5, 0.9, 9, ["\nQ:"])
    ask(open_provider(server), request("hi"))
    assert sent(server)["headers"]["anthropic-version"] > "2023-06-01"


def test_a_schema_becomes_structured_output(server: FakeServer):
    """The schema is sent as the output's format, and the object is returned as text."""
    completion = ask(open_provider(server), request("ANSWER=4", schema={"type": "object"}))
    assert completion.text == '{"answer": "4"}'
    assert sent(server)["body"]["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_finish_reasons_are_translated(server: FakeServer, word: str, reason: str):
    """A known finish reason is translated, any other is kept."""
    assert ask(open_provider(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_has_the_finish_reason_refusal(server: FakeServer):
    """A refusal has no text."""
    completion = ask(open_provider(server), request("REFUSE=1"))
    assert (completion.text, completion.finish_reason) == ("", "refusal")


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("user", "system"), "message 2 has role 'system'"),
        (("system", "tool"), "message 2 has role 'tool'"),
        (("system", "assistant"), "needs a user message after the system messages; found 'assistant'"),
        (("system",), "found none"),
    ],
)
def test_messages_that_the_api_cannot_express_are_rejected(server: FakeServer, roles: tuple[str, ...], message: str):
    """The error says what was found and what the API accepts; no request is sent."""
    before = server.stats()["requests"]
    messages = tuple(Message(role=role, content="x") for role in roles)
    with pytest.raises(ProviderError, match=message):
        ask(open_provider(server), Request(messages=messages, params=GenerationConfig(), seed=0))
    assert server.stats()["requests"] == before


def test_a_base_url_may_end_in_v1(server: FakeServer):
    """A base URL with and without /v1 works."""
    assert ask(AnthropicProvider("m", base_url=f"{server.url}/v1/"), request()).text == "The answer is 4"


def test_the_vendor_has_prices():
    """Anthropic's price list applies to calls at its own server."""
    provider = AnthropicProvider()
    assert (provider.model, provider.capabilities.price_list) == (AnthropicProvider.default_model, "anthropic")


def test_without_a_key_the_vendor_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message names the variable to set."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ProviderUnavailableError, match="set ANTHROPIC_API_KEY in the environment"):
        AnthropicProvider()


def test_without_the_sdk_it_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ProviderUnavailableError, match=r"pip install 'pytest-hiddenlayer\[anthropic\]'"):
        AnthropicProvider()
