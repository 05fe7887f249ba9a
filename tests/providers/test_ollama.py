"""Ollama, against a stand-in that follows its documented wire format; a real server where OLLAMA_HOST names one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fake_server import Running, standin
from fake_server.asking import ask, request

from pytest_hiddenlayer.errors import ProviderError, ProviderUnavailableError, UsageError
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.ollama_server import host_url, room
from pytest_hiddenlayer.types import GenerationConfig, Message, Request, Usage

REAL = os.environ.get("OLLAMA_HOST")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with standin(models=("small:latest", "large:8b"), context=10_000) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OLLAMA_HOST", "OLLAMA_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


def opened(server: Running, model: str | None = "small") -> OllamaProvider:
    return OllamaProvider(model, base_url=server.url)


def sent(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.stats()["last"]["body"]
    return found


@pytest.mark.parametrize("streams", [True, False])
def test_an_answer_comes_back_with_all_that_was_told(server: Running, streams: bool):
    """Text, reason, counts and model are the same streamed and whole; only a stream tells its first token."""
    provider = opened(server)
    provider._streams = streams
    done = ask(provider, request("ANSWER=4", top_logprobs=2))
    assert (done.text, done.finish_reason, done.model) == ("The answer is 4", "stop", "small:latest")
    assert done.usage == Usage(input_tokens=4, output_tokens=4, calls=1)
    assert (done.cost_usd, done.logprobs) == (0.0, (-0.5,) * 4)
    assert done.top_logprobs is not None
    assert done.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    first = done.time_to_first_token_s
    assert 0 < first <= done.latency_s if streams and first is not None else first is None


def test_every_parameter_is_an_option(server: Running):
    """Seed, context and parameters stand in `options`, the context with room for prompt and answer."""
    params = GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n",))
    ask(opened(server), request("hi", system="brief", params=params))
    assert sent(server) == {
        "model": "small:latest",
        "tools": [],  # the client's own
        "stream": True,
        "messages": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "keep_alive": "10m",
        "options": {
            "seed": 7, "num_ctx": 4096, "num_predict": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["\n"]
        },
    }  # fmt: skip


def test_the_context_grows_with_the_prompt_and_never_shrinks(server: Running):
    """A longer prompt gets the model's own limit at most; a shorter one after it does not load the model anew."""
    ask(opened(server), request("word " * 5000), request("hi"))
    assert sent(server)["options"]["num_ctx"] == 10_000


@pytest.mark.parametrize(
    ("n_bytes", "max_tokens", "most", "tokens"),
    [(30, 10, None, 4096), (12_000, 100, None, 8192), (12_000, 100, 6000, 6000), (12_000, 5000, None, 16_384)],
)
def test_a_prompt_has_room(n_bytes: int, max_tokens: int, most: int | None, tokens: int):
    """A power of two from 4096 on that holds a third of the bytes and the answer."""
    assert room([Message(role="user", content="x" * n_bytes)], max_tokens, most) == tokens


def test_a_schema_is_the_format(server: Running):
    """The schema is sent as it is, and the object comes back as text."""
    done = ask(opened(server), request("ANSWER=4", schema={"type": "object"}))
    assert (done.text, sent(server)["format"]) == ('{"answer": "4"}', {"type": "object"})


def test_a_cut_answer_is_told_as_one(server: Running):
    """`length` is kept."""
    assert ask(opened(server), request("FINISH=length")).finish_reason == "length"


def test_empty_messages_are_an_error(server: Running):
    """The server would load the model and say nothing."""
    with pytest.raises(ProviderError, match="the messages are empty"):
        ask(opened(server), Request(messages=(), params=GenerationConfig(), seed=0))


def test_the_weights_have_a_fingerprint():
    """The digest that the server tells of a model: another one after it was pulled anew."""
    with standin(digest="abc") as server:
        assert OllamaProvider("standin-1", base_url=server.url).capabilities.fingerprint == "abc"


def test_a_model_may_be_named_without_latest(server: Running):
    """`small` is `small:latest`, other tags must be written."""
    assert opened(server, "small").model == "small:latest"
    assert opened(server, "large:8b").model == "large:8b"


def test_a_model_that_is_not_there_is_not_available(server: Running):
    """The message has the command that gets it, and the name that may be meant."""
    with pytest.raises(
        ProviderUnavailableError, match=r"no model 'smal', did you mean 'small'\? \(ollama pull smal;"
    ):
        opened(server, "smal")


def test_of_several_models_one_must_be_named(server: Running):
    """The message names them; an only one is taken."""
    with pytest.raises(UsageError, match=r"has 2 models.*small:latest, large:8b"):
        opened(server, None)
    with standin(models=("one:latest",)) as other:
        assert opened(other, None).model == "one:latest"


def test_a_server_that_is_not_there_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says where it was looked for."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    with pytest.raises(ProviderUnavailableError, match=r"no server answers at http://127\.0\.0\.1:1 \(.*start it"):
        OllamaProvider("small")


def test_another_server_is_none_of_ollamas(server: Running):
    """What answers something else is told so."""
    with pytest.raises(ProviderUnavailableError, match="is no Ollama server"):
        OllamaProvider("small", base_url=f"{server.url}/v1/elsewhere")


def test_without_the_sdk_it_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says what to install."""
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
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str):
    """Scheme and port may be left out."""
    assert host_url(host) == url


@pytest.mark.skipif(REAL is None, reason="needs an Ollama server: set OLLAMA_HOST, such as 127.0.0.1:11434")
def test_a_real_server_answers(monkeypatch: pytest.MonkeyPatch):
    """The first model of a real server says something and counts its tokens."""
    from pytest_hiddenlayer.providers.http.server import ask_json

    monkeypatch.setenv("OLLAMA_HOST", REAL or "")
    first = ask_json("GET", f"{host_url(REAL or '')}/api/tags", None)["models"][0]["model"]
    done = ask(OllamaProvider(first), request("Say yes.", params=GenerationConfig(temperature=0, max_tokens=16)))
    assert done.text or done.finish_reason == "length"
    assert done.usage.input_tokens
    assert done.usage.output_tokens
