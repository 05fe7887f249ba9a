"""Anthropic's messages, against the stand-in: what is sent, what is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fake_server import Running, standin
from fake_server.asking import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, ProviderUnavailableError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request, Usage


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with standin() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)


def opened(server: Running) -> AnthropicProvider:
    return AnthropicProvider("m", base_url=server.url)


def sent(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.stats()["last"]
    return found


def test_cached_tokens_are_counted_as_input(server: Running):
    """The API tells cached tokens on top of the input; here they are a part of it."""
    done = ask(opened(server), request("CACHED=5 ANSWER=4"))
    assert (done.text, done.finish_reason, done.model, done.cost_usd) == ("The answer is 4", "stop", "m", 0.0)
    assert done.usage == Usage(
        input_tokens=5 + 5 + 3, output_tokens=4, cached_input_tokens=5, cache_write_tokens=3, calls=1
    )


def test_the_system_message_goes_its_own_way(server: Running):
    """The system text stands beside the messages, and a limit is always sent."""
    ask(opened(server), request("hi", system="be brief"))
    assert sent(server)["path"] == "/v1/messages"
    assert sent(server)["body"] == {
        "model": "m",
        "max_tokens": 1024,
        "system": "be brief",
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_a_temperature_asks_for_the_api_version_that_knows_it(server: Running):
    """Parameters of sampling go with the older version of the API, all else with the client's own."""
    ask(
        opened(server), request("hi", params=GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n",)))
    )
    assert sent(server)["headers"]["anthropic-version"] == "2023-06-01"
    body = sent(server)["body"]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["stop_sequences"]) == (0.5, 0.9, 9, ["\n"])
    ask(opened(server), request("hi"))
    assert sent(server)["headers"]["anthropic-version"] > "2023-06-01"


def test_a_schema_becomes_structured_output(server: Running):
    """The schema is sent as the output's format, and the object comes back as text."""
    done = ask(opened(server), request("ANSWER=4", schema={"type": "object"}))
    assert done.text == '{"answer": "4"}'
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
def test_finish_reasons_are_in_our_words(server: Running, word: str, reason: str):
    """Known words are translated, others kept."""
    assert ask(opened(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_is_told_as_one(server: Running):
    """A refusal has no text."""
    done = ask(opened(server), request("REFUSE=1"))
    assert (done.text, done.finish_reason) == ("", "refusal")


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("user", "system"), "message 2 is a 'system' message"),
        (("system", "tool"), "message 2 is a 'tool' message"),
        (("system", "assistant"), "needs a user message first after the system message; found 'assistant'"),
        (("system",), "found none"),
    ],
)
def test_messages_that_the_api_has_no_place_for_are_refused(server: Running, roles: tuple[str, ...], message: str):
    """The error says what was found and what the API takes; nothing is asked."""
    before = server.stats()["requests"]
    messages = tuple(Message(role=role, content="x") for role in roles)
    with pytest.raises(ProviderError, match=message):
        ask(opened(server), Request(messages=messages, params=GenerationConfig(), seed=0))
    assert server.stats()["requests"] == before


def test_a_base_url_may_end_in_v1(server: Running):
    """Both forms of the address are understood."""
    assert ask(AnthropicProvider("m", base_url=f"{server.url}/v1/"), request()).text == "The answer is 4"


def test_the_vendor_has_prices():
    """At Anthropic itself calls are priced by its list."""
    provider = AnthropicProvider()
    assert (provider.model, provider.capabilities.price_list) == (AnthropicProvider.default_model, "anthropic")


def test_without_a_key_the_vendor_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says which variable to set."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ProviderUnavailableError, match="set ANTHROPIC_API_KEY in the environment"):
        AnthropicProvider()


def test_without_the_sdk_it_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says what to install."""
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ProviderUnavailableError, match=r"pip install 'pytest-hiddenlayer\[anthropic\]'"):
        AnthropicProvider()
