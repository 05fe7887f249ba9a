"""What a fault of a server means, for each provider that asks one: ask again, give up, and never show the key."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from fake_server import Running, standin
from fake_server.asking import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.http.errors import clean, error_from_status, read_object, retry_after_s
from pytest_hiddenlayer.providers.http.server import Server
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion

MAKERS = {
    "openai": lambda url: OpenAIProvider("standin-1", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("standin-1", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("standin-1", base_url=url),
    "ollama": lambda url: OllamaProvider("standin-1", base_url=url),
}
PASSING = [
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
LASTING = ["400", "401", "403", "404", "413", "422", "redirect", "bomb", "brotli"]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with standin(retry_after="2") as running:
        yield running


@pytest.fixture(params=MAKERS)
def provider(request: pytest.FixtureRequest, server: Running, monkeypatch: pytest.MonkeyPatch) -> Provider:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    made: Provider = MAKERS[request.param](server.url)
    return made


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_transient(provider: Provider, server: Running, kind: str):
    """One attempt is made, and the error says that asking again may help."""
    before = server.stats()["requests"]
    with pytest.raises(TransientError):
        ask(provider, request(f"FAULT={kind}"))
    assert server.stats()["requests"] == before + 1


@pytest.mark.parametrize("kind", LASTING)
def test_what_will_not_pass_is_final(provider: Provider, kind: str):
    """Nobody asks again after a bad request, a wrong key or an answer that is too large."""
    with pytest.raises(ProviderError) as caught:
        ask(provider, request(f"FAULT={kind}"))
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize("name", ["openai", "openai_responses", "anthropic"])
def test_spent_money_is_no_rate_limit(server: Running, monkeypatch: pytest.MonkeyPatch, name: str):
    """A 429 that says the quota is used up is final; Ollama has no such word."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ProviderError, match="exceeded your current quota") as caught:
        ask(MAKERS[name](server.url), request("FAULT=quota"))
    assert not isinstance(caught.value, TransientError)


def test_after_a_fault_the_next_call_is_answered(provider: Provider):
    """Faults leave nothing behind that a later call stumbles over."""

    async def run() -> Completion:
        for kind in ("cut", "drop", "bomb", "500"):
            with pytest.raises(ProviderError):
                await provider.complete(request(f"FAULT={kind}"))
        done = await provider.complete(request("ANSWER=4"))
        await provider.close()
        return done

    assert asyncio.run(run()).text == "The answer is 4"


def test_a_rate_limit_says_how_long_to_wait(provider: Provider):
    """Status, seconds and the wish for fewer calls at once are told."""
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=429"))
    assert (caught.value.status, caught.value.retry_after_s, caught.value.slow_down) == (429, 2.0, True)


def test_a_server_that_is_full_asks_for_fewer_calls(provider: Provider):
    """529 is an overload; 500 is a fault of one call."""
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=overload"))
    assert (caught.value.status, caught.value.slow_down) == (529, True)
    with pytest.raises(TransientError) as caught:
        ask(provider, request("FAULT=500"))
    assert (caught.value.status, caught.value.slow_down) == (500, False)


def test_a_key_that_the_server_repeats_is_not_shown(provider: Provider):
    """Not in the message, not in the traceback with all that led to it, not in a repr."""
    with pytest.raises(ProviderError, match=r"HTTP 401.*\[key\]") as caught:
        ask(provider, request("FAULT=401"))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(vars(provider))


def test_a_redirect_is_not_followed(provider: Provider, server: Running):
    """The error names the host that it pointed to, and no more of the place."""
    with pytest.raises(ProviderError, match=r"a redirect to elsewhere\.example;") as caught:
        ask(provider, request("FAULT=redirect"))
    assert "secret" not in str(caught.value)


def test_a_compression_bomb_is_not_unpacked(provider: Provider):
    """64 MiB in 64 KiB end at the limit."""
    with pytest.raises(ProviderError, match="larger than 16 MiB"):
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
    """Seconds, milliseconds; what cannot be read is unknown."""
    assert retry_after_s(headers) == seconds


def test_retry_after_is_read_as_a_date(monkeypatch: pytest.MonkeyPatch):
    """A date in a minute is sixty seconds; a date in the past is 0."""
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
def test_a_key_is_taken_out_before_a_text_is_cut(before: int):
    """Not even the beginning of a key stands at the end of a shortened message."""
    server = Server(provider="p", model="m", url="http://h", key=KEY)
    body = b"x" * before + KEY.encode()
    assert KEY[:4] not in str(error_from_status(server, 500, {}, body))
    with pytest.raises(TransientError) as caught:
        read_object(server, body)
    assert KEY[:4] not in str(caught.value)
    assert KEY not in repr(server)


def test_an_error_in_an_answer_counts_as_its_status():
    """Some gateways answer 200 with an error that has a status of its own."""
    server = Server(provider="p", model="m", url="http://h")
    with pytest.raises(TransientError, match="HTTP 429: slow down"):
        read_object(server, b'{"error": {"code": 429, "message": "slow down"}}')
    with pytest.raises(ProviderError, match="HTTP 403: no") as caught:
        read_object(server, b'{"error": {"code": 403, "message": "no"}}')
    assert not isinstance(caught.value, TransientError)
