"""Ollama, against a fake server with its documented wire format; a real server if OLLAMA_HOST names one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import ask, request

from pytest_hiddenlayer.errors import ProviderError, ProviderUnavailableError, UsageError
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.ollama_server import context_size, host_url
from pytest_hiddenlayer.types import GenerationConfig, Message, Request, Usage

REAL = os.environ.get("OLLAMA_HOST")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_server(models=("small:latest", "large:8b"), context=10_000) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OLLAMA_HOST", "OLLAMA_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


def open_provider(server: FakeServer, model: str | None = "small") -> OllamaProvider:
    return OllamaProvider(model, base_url=server.url)


def sent(server: FakeServer) -> dict[str, Any]:
    body: dict[str, Any] = server.stats()["last"]["body"]
    return body


@pytest.mark.parametrize("streams", [True, False])
def test_a_completion_has_all_reported_fields(server: FakeServer, streams: bool):
    """All fields are the same with and without streaming; only a stream has the time to first token."""
    provider = open_provider(server)
    provider._streams = streams
    completion = ask(provider, request("ANSWER=4", top_logprobs=2))
    assert (completion.text, completion.finish_reason, completion.model) == (
        "The answer is 4",
        "stop",
        "small:latest",
    )
    assert completion.usage == Usage(input_tokens=4, output_tokens=4, calls=1)
    assert (completion.cost_usd, completion.logprobs) == (0.0, (-0.5,) * 4)
    assert completion.top_logprobs is not None
    assert completion.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    first = completion.time_to_first_token_s
    assert 0 < first <= completion.latency_s if streams and first is not None else first is None


@pytest.mark.parametrize("streams", [False, True])
def test_token_texts_are_returned_on_request(server: FakeServer, streams):
    """The request asks for log-probabilities without alternatives; texts join to the answer."""
    provider = open_provider(server)
    provider._streams = streams
    completion = ask(provider, replace(request("ANSWER=4"), token_logprobs=True))
    assert "".join(completion.token_texts) == completion.text
    assert completion.logprobs == (-0.5,) * 4


def test_every_parameter_is_an_option(server: FakeServer):
    """Seed, context size and parameters are sent in `options`; the context fits prompt and response."""
    params = GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n",))
    ask(open_provider(server), request("hi", system="brief", params=params))
    assert sent(server) == {
        "model": "small:latest",
        "tools": [],  # added by the SDK
        "stream": True,
        "messages": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "keep_alive": "10m",
        "options": {
            "seed": 7, "num_ctx": 4096, "num_predict": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["\n"]
        },
    }  # fmt: skip


def test_the_context_grows_with_the_prompt_and_never_shrinks(server: FakeServer):
    """A long prompt gets at most the context of the model; a later short prompt keeps that size."""
    ask(open_provider(server), request("word " * 5000), request("hi"))
    assert sent(server)["options"]["num_ctx"] == 10_000


@pytest.mark.parametrize(
    ("n_bytes", "max_tokens", "limit", "tokens"),
    [(30, 10, None, 4096), (12_000, 100, None, 8192), (12_000, 100, 6000, 6000), (12_000, 5000, None, 16_384)],
)
def test_the_context_fits_prompt_and_response(n_bytes: int, max_tokens: int, limit: int | None, tokens: int):
    """The size is a power of two, at least 4096, that fits a third of the bytes and the response."""
    assert context_size([Message(role="user", content="x" * n_bytes)], max_tokens, limit) == tokens


def test_a_schema_is_the_format(server: FakeServer):
    """The schema is sent unchanged, and the object is returned as text."""
    completion = ask(open_provider(server), request("ANSWER=4", schema={"type": "object"}))
    assert (completion.text, sent(server)["format"]) == ('{"answer": "4"}', {"type": "object"})


def test_a_truncated_response_has_the_finish_reason_length(server: FakeServer):
    """The finish reason `length` is kept."""
    assert ask(open_provider(server), request("FINISH=length")).finish_reason == "length"


def test_empty_messages_are_an_error(server: FakeServer):
    """The server loads the model and returns no text, which is an error."""
    with pytest.raises(ProviderError, match="the messages are empty"):
        ask(open_provider(server), Request(messages=(), params=GenerationConfig(), seed=0))


def test_the_weights_have_a_fingerprint():
    """The fingerprint is the digest that the server reports for the model."""
    with fake_server(digest="abc") as server:
        assert OllamaProvider("fake-1", base_url=server.url).capabilities.fingerprint == "abc"


def test_a_model_may_be_named_without_latest(server: FakeServer):
    """`small` means `small:latest`; other tags must be written."""
    assert open_provider(server, "small").model == "small:latest"
    assert open_provider(server, "large:8b").model == "large:8b"


def test_a_missing_model_is_unavailable(server: FakeServer):
    """The message has the command that pulls it and a similar name."""
    with pytest.raises(
        ProviderUnavailableError, match=r"no model 'smal', did you mean 'small'\? \(ollama pull smal;"
    ):
        open_provider(server, "smal")


def test_one_of_several_models_must_be_named(server: FakeServer):
    """If the server has several models, the message names them; an only model is the default."""
    with pytest.raises(UsageError, match=r"has 2 models.*small:latest, large:8b"):
        open_provider(server, None)
    with fake_server(models=("one:latest",)) as other:
        assert open_provider(other, None).model == "one:latest"


def test_an_unreachable_server_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message names the URL."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    with pytest.raises(ProviderUnavailableError, match=r"no server answers at http://127\.0\.0\.1:1 \(.*start it"):
        OllamaProvider("small")


def test_another_kind_of_server_is_unavailable(server: FakeServer):
    """The message says that the server is not an Ollama server."""
    with pytest.raises(ProviderUnavailableError, match="is not an Ollama server"):
        OllamaProvider("small", base_url=f"{server.url}/v1/elsewhere")


def test_without_the_sdk_it_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "ollama", None)
    with pytest.raises(ProviderUnavailableError, match=r"pip install 'pytest-hiddenlayer\[ollama\]'"):
        OllamaProvider("small")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:8080", "http://box:8080"),
        ("[::1]", "http://[::1]:11434"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("http://box", "http://box:80"),
    ],
)
def test_ollama_host_has_the_forms_of_ollama(host: str, url: str):
    """Scheme and port are optional."""
    assert host_url(host) == url


@pytest.mark.skipif(REAL is None, reason="needs an Ollama server: set OLLAMA_HOST, such as 127.0.0.1:11434")
def test_a_real_server_answers(monkeypatch: pytest.MonkeyPatch):
    """The first model of a real server returns text and counts its tokens."""
    from pytest_hiddenlayer.providers.http.server import request_json

    monkeypatch.setenv("OLLAMA_HOST", REAL or "")
    first = request_json("GET", f"{host_url(REAL or '')}/api/tags", None)["models"][0]["model"]
    completion = ask(
        OllamaProvider(first), request("Say yes.", params=GenerationConfig(temperature=0, max_tokens=16))
    )
    assert completion.text or completion.finish_reason == "length"
    assert completion.usage.input_tokens
    assert completion.usage.output_tokens
