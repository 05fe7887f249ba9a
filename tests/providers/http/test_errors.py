"""Errors of servers, for every provider of servers: transient or final, and never with the key."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.http.errors import clean, error_from_status, read_object, retry_after_s
from pytest_hiddenlayer.providers.http.server import Server
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion

PROVIDERS = {
    "openai": lambda url: OpenAIProvider("fake-1", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("fake-1", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("fake-1", base_url=url),
    "ollama": lambda url: OllamaProvider("fake-1", base_url=url),
}
TRANSIENT = [
    "408",
    "409",
    "425",
    "429",
    "500",
    "502",
    "503",
    "529",
    "drop",
    "cut",
    "html",
    "text",
    "empty",
    "odd",
    "garbage",
]
FINAL = ["400", "401", "403", "404", "413", "422", "redirect", "bomb", "brotli"]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_server(retry_after="2") as running:
        yield running


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Provider:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    provider: Provider = PROVIDERS[request.param](server.url)
    return provider


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_fault_that_may_pass_is_transient(provider: Provider, server: FakeServer, kind: str):
    """The provider makes one attempt and raises TransientError."""
    before = server.stats()["requests"]
    with pytest.raises(TransientError):
        ask(provider, request(f"FAULT={kind}"))
    assert server.stats()["requests"] == before + 1


@pytest.mark.parametrize("kind", FINAL)
def test_a_lasting_fault_is_final(provider: Provider, kind: str):
    """A bad request, a wrong key or a response that is too large is not transient."""
    with pytest.raises(ProviderError) as caught:
        ask(provider, request(f"FAULT={kind}"))
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize("name", ["openai", "openai_responses", "anthropic"])
def test_an_exceeded_quota_is_final(server: FakeServer, monkeypatch: pytest.MonkeyPatch, name: str):
    """A 429 with an exceeded quota is final; Ollama has no such code."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ProviderError, match="exceeded your current quota") as caught:
        ask(PROVIDERS[name](server.url), request("FAULT=quota"))
    assert not isinstance(caught.value, TransientError)


def test_a_call_after_a_fault_succeeds(provider: Provider):
    """Faults do not affect later calls."""

    async def run() -> Completion:
        for kind in ("cut", "drop", "bomb", "500"):
            with pytest.raises(ProviderError):
                await provider.complete(request(f"FAULT={kind}"))
        completion = await provider.complete(request("ANSWER=4"))
        await provider.close()
        return completion

    assert asyncio.run(run()).text == "The answer is 4"


def test_a_rate_limit_has_its_retry_after(provider: Provider):
    """The error has the status, the seconds to wait and `slow_down`."""
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=429"))
    assert (caught.value.status, caught.value.retry_after_s, caught.value.slow_down) == (429, 2.0, True)


def test_an_overload_asks_to_slow_down(provider: Provider):
    """529 is an overload and sets `slow_down`; 500 does not."""
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=overload"))
    assert (caught.value.status, caught.value.slow_down) == (529, True)
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=500"))
    assert (caught.value.status, caught.value.slow_down) == (500, False)


def test_a_key_that_the_server_repeats_is_not_shown(provider: Provider):
    """The key is not in the message, the traceback with all its causes, or a repr."""
    with pytest.raises(ProviderError, match=r"HTTP 401.*\[key\]") as caught:
        ask(provider, request("FAULT=401"))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(vars(provider))


def test_a_redirect_is_not_followed(provider: Provider, server: FakeServer):
    """The error names the host of the redirect, but not its path."""
    with pytest.raises(ProviderError, match=r"a redirect to elsewhere\.example;") as caught:
        ask(provider, request("FAULT=redirect"))
    assert "secret" not in str(caught.value)


def test_a_compression_bomb_is_not_decompressed(provider: Provider):
    """Decompression of 64 MiB from 64 KiB stops at the limit."""
    with pytest.raises(ProviderError, match=r"larger than (8|16) MiB"):
        ask(provider, request("FAULT=bomb"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_seconds(headers: dict[str, str], seconds: float | None):
    """Seconds and milliseconds are read; an invalid value is None."""
    assert retry_after_s(headers) == seconds


def test_retry_after_is_read_as_a_date(monkeypatch: pytest.MonkeyPatch):
    """A date in a minute is sixty seconds; a past date is 0 seconds."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    assert retry_after_s({"retry-after": formatdate(1_800_000_060, usegmt=True)}) == 60.0
    assert retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


def test_a_message_is_one_short_line():
    """Pages of HTML and long texts are shortened."""
    server = Server(provider="p", model="m", url="http://h")
    error = error_from_status(server, 502, {}, b"<html><h1>Bad\ngateway</h1>" + b"x" * 1000)
    assert str(error).startswith("p:m at h: HTTP 502: Bad gateway xxx")
    assert len(str(error)) < 350
    assert "\n" not in str(error)
    assert clean("a hush b", "hush") == "a [key] b"


@pytest.mark.parametrize("before", [60, 290, 1990])
def test_a_key_is_removed_before_a_text_is_truncated(before: int):
    """A truncated message does not end with the beginning of the key."""
    server = Server(provider="p", model="m", url="http://h", key=KEY)
    body = b"x" * before + KEY.encode()
    assert KEY[:4] not in str(error_from_status(server, 500, {}, body))
    with pytest.raises(TransientError) as caught:
        read_object(server, body)
    assert KEY[:4] not in str(caught.value)
    assert KEY not in repr(server)


def test_an_error_object_in_a_response_has_its_own_status():
    """If a gateway answers 200 with an error object that has a status, that status decides."""
    server = Server(provider="p", model="m", url="http://h")
    with pytest.raises(TransientError, match="HTTP 429: slow down"):
        read_object(server, b'{"error": {"code": 429, "message": "slow down"}}')
    with pytest.raises(ProviderError, match="HTTP 403: no") as caught:
        read_object(server, b'{"error": {"code": 403, "message": "no"}}')
    assert not isinstance(caught.value, TransientError)


def test_a_key_with_markup_in_it_is_not_shown():
    """A server that breaks the key by tags does not get it into a message."""
    assert "hush" not in clean("no: hush-<b>hush</b>-hush.", "hush-hush-hush")


def test_a_key_that_the_answer_repeats_is_masked():
    """What a server echoes as its answer reaches neither records nor cassettes with the key."""
    server = Server(provider="openai", model="m", url="http://host/v1", key="hush-hush-hush")
    assert read_object(server, b'{"text": "you said hush-hush-hush"}') == {"text": "you said [key]"}
