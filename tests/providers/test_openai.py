"""OpenAI's chat completions, against the fake server: what is sent and what is returned."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderUnavailableError, UsageError
from pytest_hiddenlayer.providers.http.parsing import token_texts
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.types import GenerationConfig, Usage

SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_server() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def open_provider(server: FakeServer, model: str | None = "m") -> OpenAIProvider:
    return OpenAIProvider(model, base_url=f"{server.url}/v1")


def sent(server: FakeServer) -> dict[str, Any]:
    body: dict[str, Any] = server.stats()["last"]["body"]
    return body


def test_a_completion_has_all_reported_fields(server: FakeServer):
    """Text, finish reason, usage, model and latency; a server on this machine costs nothing."""
    completion = ask(open_provider(server), request("CACHED=3 MODEL=m-2025 ANSWER=4"))
    assert (completion.text, completion.finish_reason, completion.model, completion.cost_usd) == (
        "The answer is 4",
        "stop",
        "m-2025",
        0.0,
    )
    assert completion.usage == Usage(
        input_tokens=6, output_tokens=4, cached_input_tokens=3, reasoning_tokens=0, cache_write_tokens=None, calls=1
    )
    assert completion.latency_s > 0
    assert (completion.logprobs, completion.top_logprobs, completion.time_to_first_token_s) == (None, None, None)


def test_every_parameter_is_sent(server: FakeServer):
    """Parameters, seed and system message are sent; a compatible server gets `max_tokens`."""
    params = GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n",))
    ask(open_provider(server), request("hi", system="be brief", params=params))
    assert sent(server) == {
        "model": "m",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 9,
        "stop": ["\n"],
        "seed": 7,
    }


def test_unset_parameters_are_not_sent(server: FakeServer):
    """A request without parameters sends none; a greedy one sends no seed, because some servers then do not batch."""
    ask(open_provider(server), request("hi"))
    assert set(sent(server)) == {"model", "messages", "seed"}
    ask(open_provider(server), request("hi", params=GenerationConfig(temperature=0)))
    assert set(sent(server)) == {"model", "messages", "temperature"}


def test_the_vendor_gets_its_own_parameter_names():
    """OpenAI's own server gets `max_completion_tokens` and always a seed, and its price list applies."""
    provider = OpenAIProvider()
    body = provider._body(request("hi", params=GenerationConfig(temperature=0, max_tokens=9)))
    assert (body["max_completion_tokens"], body["seed"], "max_tokens" in body) == (9, 7, False)
    assert (provider.model, provider.capabilities.price_list) == (OpenAIProvider.default_model, "openai")


def test_log_probabilities_are_returned_on_request(server: FakeServer):
    """Natural logs per sampled token, and per alternative including the sampled token; at most 20 are requested."""
    completion = ask(open_provider(server), request("ANSWER=4", top_logprobs=30))
    assert completion.logprobs == (-0.5,) * 4
    assert completion.top_logprobs is not None
    assert completion.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    assert (sent(server)["logprobs"], sent(server)["top_logprobs"]) == (True, 20)


def test_token_texts_are_returned_on_request(server: FakeServer):
    """The request asks for log-probabilities without alternatives; texts join to the answer."""
    completion = ask(open_provider(server), replace(request("ANSWER=4"), token_logprobs=True))
    assert "".join(completion.token_texts) == completion.text
    assert completion.logprobs == (-0.5,) * 4
    assert (sent(server)["logprobs"], "top_logprobs" in sent(server)) == (True, False)
    assert completion.top_logprobs is None


def test_a_character_of_several_tokens_belongs_to_the_last_one():
    """Tokens of a server that sends bytes join to the text, also where one ends inside a character."""
    parts = [b"a", b"\xf0\x9f", b"\x98\x80", b" b"]
    tokens = [{"token": "bytes", "logprob": -1.0, "bytes": list(part)} for part in parts]
    assert token_texts(tokens) == ("a", "", "\U0001f600", " b")
    assert token_texts([{"token": "\u0120x", "logprob": -1.0, "bytes": None}]) == (" x",)
    assert token_texts([{"token": "y", "logprob": -1.0, "bytes": [999]}]) == ("y",)
    assert token_texts(None) is None


def test_a_schema_becomes_structured_output(server: FakeServer):
    """The schema is sent as strict, and the object is returned as text."""
    completion = ask(open_provider(server), request("ANSWER=4", schema=SCHEMA))
    assert completion.text == '{"answer": "4"}'
    assert sent(server)["response_format"]["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        *[("length", "length"), ("MAX_TOKENS", "length"), ("model_length", "length"), ("Length", "length")],
        *[("content_filter", "content_filter"), ("SAFETY", "content_filter"), ("content-filter", "content_filter")],
        *[("tool_calls", "stop"), ("eos", "stop"), ("STOP", "stop"), ("end_turn", "stop")],
        *[("error", "error"), ("abort", "abort"), ("Cancelled", "cancelled"), ("load_shed", "load_shed")],
    ],
)
def test_finish_reasons_are_translated(server: FakeServer, word: str, reason: str):
    """A known finish reason is translated in any case and spelling, any other is kept in lower case."""
    assert ask(open_provider(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_has_the_finish_reason_refusal(server: FakeServer):
    """The text of a refusal is its message."""
    completion = ask(open_provider(server), request("REFUSE=1"))
    assert (completion.text, completion.finish_reason) == ("I cannot help with that", "refusal")


def test_a_compressed_answer_is_read(server: FakeServer):
    """A gzip body, as vendors' servers send it, is decompressed."""
    assert ask(open_provider(server), request("GZIP=1 ANSWER=4")).text == "The answer is 4"


def test_connections_are_reused():
    """200 calls are in flight together, and 200 later calls open no new connection."""
    with fake_server(latency_s=0.3) as server:
        provider = open_provider(server)

        async def twice() -> None:
            for _ in range(2):
                await asyncio.gather(*(provider.complete(request(f"{i}")) for i in range(200)))
            await provider.close()

        asyncio.run(twice())
        stats = server.stats()
        assert (stats["requests"], stats["max_in_flight"]) == (400, 200)
        assert stats["connections"] <= 203  # the probe, the list of models and the request for the stats use one each


def test_a_cancelled_call_ends_at_once(server: FakeServer):
    """A deadline cancels a call that receives one byte per second, and the next call succeeds."""
    provider = open_provider(server)

    async def cut() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await provider.complete(request("FAULT=trickle"))
        text = (await provider.complete(request("ANSWER=5"))).text
        await provider.close()
        return text

    assert asyncio.run(cut()) == "The answer is 5"


def test_the_only_model_of_a_server_is_the_default(server: FakeServer):
    """Without a model name, the only model that a compatible server lists is used."""
    assert open_provider(server, None).model == "fake-1"


def test_one_of_several_models_must_be_named():
    """If a server lists several models, the message names them."""
    with fake_server(models=("a", "b")) as server, pytest.raises(UsageError, match=r"has 2 models.*\(a, b\)"):
        open_provider(server, None)


def test_a_compatible_server_needs_no_key(server: FakeServer, monkeypatch: pytest.MonkeyPatch):
    """Without a key in the environment, a compatible server gets a placeholder."""
    monkeypatch.delenv("OPENAI_API_KEY")
    assert ask(open_provider(server), request()).text == "The answer is 4"
    assert server.stats()["last"]["headers"]["authorization"] == "Bearer none"


def test_without_a_key_the_vendor_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message names the variable to set."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ProviderUnavailableError, match="set OPENAI_API_KEY in the environment"):
        OpenAIProvider("gpt-4.1-mini")


def test_without_the_sdk_it_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ProviderUnavailableError, match=r"pip install 'pytest-hiddenlayer\[openai\]'"):
        OpenAIProvider("gpt-4.1-mini")


def test_an_unreachable_server_is_unavailable():
    """A refused connection is an error when the provider is opened."""
    with pytest.raises(ProviderUnavailableError, match=r"no server answers at http://127\.0\.0\.1:1/v1"):
        OpenAIProvider("m", base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://host/v1", "http://", "http://h:x/", "http://h/v1?key=1"])
def test_an_invalid_base_url_is_rejected(url: str):
    """The message shows the form of a base URL."""
    with pytest.raises(UsageError, match="write http://HOST:PORT/PATH"):
        OpenAIProvider("m", base_url=url)


def test_a_password_in_a_base_url_is_rejected_and_not_shown():
    """The message says that keys come from the environment only."""
    with pytest.raises(UsageError, match="keys come from the environment") as caught:
        OpenAIProvider("m", base_url="http://me:hush@127.0.0.1/v1")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["", " ", "two words"])
def test_an_invalid_model_name_is_rejected(name: str):
    """`check` rejects it without opening a provider."""
    with pytest.raises(UsageError, match="--model"):
        OpenAIProvider.check(name)


def test_azure_gets_its_api_version_and_key(monkeypatch):
    """An address with Azure's `api-version` names it in every request, with the key in Azure's header too."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with fake_server() as server:
        provider = OpenAIProvider("fake-1", base_url=f"{server.url}/v1?api-version=2024-10-21")
        assert ask(provider, request("ANSWER=4")).text == "The answer is 4"
        last = server.stats()["last"]
    assert last["path"] == "/v1/chat/completions?api-version=2024-10-21"
    assert last["headers"]["api-key"] == KEY


@pytest.mark.parametrize("query", ["key=secret", "api-version=1&key=secret", "api-version=", "api-version=a b"])
def test_no_other_query_is_accepted(query):
    """A query of an address may hold a key, so only Azure's version is accepted, and the error does not show it."""
    with pytest.raises(UsageError, match="write http://HOST:PORT/PATH") as error:
        OpenAIProvider("m", base_url=f"http://127.0.0.1:1/v1?{query}")
    assert "secret" not in str(error.value)
