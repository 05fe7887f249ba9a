"""The response cache never answers with what another model, server or call gave."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fake_server import fake_server
from support.hostile_server import Piece, Received, honest, honest_body, hostile_server, response

from pytest_hiddenlayer.calls.cache.response_cache import ResponseCache
from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.calls.factory import open_client
from pytest_hiddenlayer.calls.resources import RunResources
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.mlx.model_files import ModelFiles
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, ModelName, Request, Usage

REQUEST = Request(
    messages=(Message(role="user", content="ANSWER=4"),),
    params=GenerationConfig(temperature=0.0),
    seed=7,
    sample_id="s",
)
PATHS = {"openai": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": ""}
MODES = ("seeded", "all")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and no key."""
    monkeypatch.setenv("HIDDENLAYER_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def asked(url: str, provider: str = "openai", model: str = "m", cache: str = "seeded", **changes: Any) -> Completion:
    """The completion of one call in a run of its own."""
    options = RunOptions(base_urls={provider: f"{url}{PATHS[provider]}"}, cache=cache)
    resources = RunResources(options)
    client = open_client(ModelName(provider=provider, model=model), options, resources)

    async def run() -> Completion:
        try:
            return await client.complete(replace(REQUEST, **changes))
        finally:
            await client.close()

    try:
        return asyncio.run(run())
    finally:
        resources.close()


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.mark.parametrize("provider", PATHS)
def test_the_same_server_is_a_hit_and_other_weights_are_a_miss(provider: str):
    """A second run is answered from the cache; the next process on the port, with other weights, is asked."""
    with fake_server(models=("m", "n")) as server:
        assert not asked(server.url, provider).cached
        assert asked(server.url, provider).cached
        assert not asked(server.url, provider, "n").cached
        url = server.url
    with fake_server(models=("m", "n"), port=port_of(url), digest="1" * 64) as server:
        assert server.url == url
        assert not asked(url, provider).cached


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", ["openai", "openai_responses", "anthropic"])
def test_a_server_that_names_no_weights_is_always_asked(provider: str, mode: str):
    """Another process on the port that was there once: its answers are never found, under any option."""

    def models(received: Received) -> list[Piece]:
        return [response(json.dumps({"data": [{"id": "m", "owned_by": "x"}]}).encode())]

    def poison(received: Received) -> Iterable[Piece]:
        return [response(json.dumps(honest_body(received, "POISON")).encode())]

    with hostile_server(poison, models=models) as server:
        assert asked(server.url, provider, cache=mode).text == "POISON"
        assert not asked(server.url, provider, cache=mode).cached
        assert len(server.received) == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_server_is_its_address(mode: str):
    """The same weights at another port, and under another name of the same address, are asked."""
    with fake_server(models=("m",)) as one, fake_server(models=("m",)) as other:
        assert not asked(one.url, cache=mode).cached
        assert not asked(other.url, cache=mode).cached
        assert not asked(one.url.replace("127.0.0.1", "localhost"), cache=mode).cached
        assert asked(one.url, cache=mode).cached


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", PATHS)
def test_an_answer_of_another_model_is_not_kept(provider: str, mode: str):
    """If the server says that another model answered, the next run asks again."""

    def script(received: Received) -> list[Piece]:
        return [response(json.dumps(honest_body(received, model="another")).encode())]

    with hostile_server(script) as server:
        for _ in range(2):
            completion = asked(server.url, provider, cache=mode)
            assert not completion.cached
            assert "says that another answered" in completion.warnings[0]


OTHERS: dict[str, dict[str, Any]] = {
    "system prompt": {"messages": (Message(role="system", content="s"), *REQUEST.messages)},
    "prompt": {"messages": (Message(role="user", content="ANSWER=5"),)},
    "role of a message": {"messages": (Message(role="assistant", content="ANSWER=4"),)},
    "seed": {"seed": 8},
    "temperature": {"params": GenerationConfig(temperature=0.1)},
    "top_p": {"params": GenerationConfig(temperature=0.0, top_p=0.5)},
    "max_tokens": {"params": GenerationConfig(temperature=0.0, max_tokens=5)},
    "stop": {"params": GenerationConfig(temperature=0.0, stop=("x",))},
    "effort": {"params": GenerationConfig(temperature=0.0, reasoning_effort="low")},
    "schema": {"schema": {"type": "object"}},
    "alternatives": {"top_logprobs": 2},
    "log-probabilities": {"token_logprobs": True},
    "entropies": {"token_entropies": True},
    "role": {"role": "agent-1"},
    "round": {"round": 2},
    "sample": {"sample_id": "t"},
    "epoch": {"epoch": 2},
}


def kept(text: str, model: str = "m") -> Completion:
    return Completion(text=text, finish_reason="stop", usage=Usage(calls=1), latency_s=0.1, model=model)


@pytest.mark.parametrize("mode", MODES)
def test_another_call_is_a_miss(tmp_path: Path, mode: Any):
    """One different field of a call, provider, model, case of its name or server: another call."""
    whole = cache_key_fields("openai", "m", "http://h/v1 abc", REQUEST)
    others = [
        cache_key_fields("openai", "m", "http://h/v1 abc", replace(REQUEST, **more)) for more in OTHERS.values()
    ]
    others += [
        cache_key_fields("openai_responses", "m", "http://h/v1 abc", REQUEST),
        cache_key_fields("openai", "M", "http://h/v1 abc", REQUEST),
        cache_key_fields("openai", "m:latest", "http://h/v1 abc", REQUEST),
        cache_key_fields("openai", "m", "http://h/v1 abd", REQUEST),
        cache_key_fields("openai", "m", "https://h/v1 abc", REQUEST),
    ]
    with closing(ResponseCache(tmp_path / "c.sqlite", mode)) as cache:
        cache.put(whole, kept("4"), deterministic=True)
        assert cache.get(whole) is not None
        assert [cache.get(other) for other in others] == [None] * len(others)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"])
def test_a_changed_file_of_a_model_is_another_model(tmp_path: Path, name: str):
    """Weights, configuration, tokenizer or template that change, also with the same size and time, change the key."""
    for file in ("model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"):
        (tmp_path / file).write_text("{}")
        os.utime(tmp_path / file, ns=(10**18, 10**18))
    files = ModelFiles(base=tmp_path, folder=tmp_path, adapter=None)
    before = files.fingerprint
    assert files.fingerprint == before
    replacement = tmp_path / "new"
    replacement.write_text("[]")
    os.utime(replacement, ns=(10**18, 10**18))
    replacement.replace(tmp_path / name)
    assert files.fingerprint != before


def test_a_poisoned_row_is_no_answer(tmp_path: Path):
    """A row with other values than a completion has is a miss, and the next answer replaces it."""
    path, fields = tmp_path / "c.sqlite", cache_key_fields("openai", "m", "http://h abc", REQUEST)
    with closing(ResponseCache(path)) as cache:
        cache.put(fields, kept("4"), deterministic=True)
        cache._write()
        for value in ("", "null", "[]", "{", '{"text": 7}', "[" * 100_000, '{"text": "x"}'):
            cache._connection.execute("UPDATE responses SET completion = ?", (value,))
            assert cache.get(fields) is None, value[:20]


def test_an_honest_server_stays_honest():
    """What these tests rely on: without a cache both answers come from the server."""
    with hostile_server(honest) as server:
        assert [asked(server.url, cache="off").text for _ in range(2)] == ["ANSWER=4, answered"] * 2
