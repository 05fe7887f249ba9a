"""Servers that lie, send too much, or stop: each call is an answer within bounds, or one sentence."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.hostile_server import Piece, Received, Script, honest, honest_body, hostile_server, response
from support.lying_servers import FACTORIES, FLOODS, LARGE_LIES, LIES, STALLS, Outcome, calls, slowly
from support.trust_scale import times

from pytest_hiddenlayer.calls.reported_values import MAX_LOGPROB, MAX_NAME, MAX_TOKENS
from pytest_hiddenlayer.errors import ProviderUnavailableError, UsageError
from pytest_hiddenlayer.providers.http import server as http_server
from pytest_hiddenlayer.types import Completion

PROVIDERS = [(name, stream) for name in FACTORIES for stream in (False, True) if not (stream and name == "ollama")]
SOME = [("openai", False), ("anthropic", True), ("ollama", False)] if times(0, 1) == 0 else PROVIDERS
"""All of them under `make test-trust`."""
MOST_MB, MOST_S = 100, 1.0


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "sk-planted-0123456789abcdef")


def by_prompt(received: Received) -> Iterable[Piece]:
    """The script that the prompt names; an honest answer for another prompt."""
    return {**LIES, **LARGE_LIES, **FLOODS, **STALLS}.get(received.prompt, honest)(received)


def check(outcome: Outcome, lie: str) -> None:
    """An answer within bounds, or an error of one line that names the server."""
    if isinstance(outcome, Completion):
        usage = outcome.usage
        counts = [usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, usage.cache_write_tokens]
        assert all(count is None or 0 <= count <= MAX_TOKENS for count in counts), lie
        assert (usage.cached_input_tokens or 0) <= (usage.input_tokens or 0), lie
        assert max(len(outcome.model), len(outcome.finish_reason)) <= MAX_NAME, lie
        alternatives = [value for token in outcome.top_logprobs or () for value in token.values()]
        assert all(value <= MAX_LOGPROB for value in (*(outcome.logprobs or ()), *alternatives)), lie
        return
    text = str(outcome)
    assert text.isprintable(), (lie, text)
    assert len(text) < 700, lie
    assert "m at 127.0.0.1" in text, (lie, text)


@pytest.mark.parametrize(("name", "stream"), [("openai", False), ("anthropic", True), ("ollama", False)])
def test_a_lie_is_bounded_or_one_sentence(name: str, stream: bool):
    """Whatever a server answers, counts, names and log-probabilities are in bounds or the call is one sentence."""
    check_lies(name, stream, list(LIES))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "stream"), SOME)
def test_every_lie_is_bounded_or_one_sentence(name: str, stream: bool):
    """The same for every API, whole and streamed, with large values too, and nothing else waits for a second."""
    check_lies(name, stream, [*LIES, *LARGE_LIES])


def check_lies(name: str, stream: bool, lies: list[str]) -> None:
    with hostile_server(by_prompt) as server:
        outcomes = asyncio.run(calls(name, server.url, [*lies, "honest"], stream=stream))
    for lie, (outcome, blocked_s) in zip([*lies, "honest"], outcomes, strict=True):
        check(outcome, lie)
        assert blocked_s < MOST_S, lie
    last = outcomes[-1][0]
    assert isinstance(last, Completion), last
    assert last.text == "honest, answered"
    answered = dict(zip(lies, (outcome for outcome, _ in outcomes), strict=False))
    assert isinstance(answered["another model"], Completion)
    assert "the server says that another answered" in " ".join(answered["another model"].warnings)


@pytest.mark.parametrize(("name", "stream"), [("openai", False), ("anthropic", True), ("ollama", False)])
def test_a_server_that_stops_is_timed_out(name: str, stream: bool):
    """A server that stops, or sends a byte at a time, is given up at the deadline of an attempt."""
    with hostile_server(by_prompt) as server:
        outcomes = asyncio.run(calls(name, server.url, [*STALLS], stream=stream, attempt_s=0.15))
    for stall, (outcome, _) in zip(STALLS, outcomes, strict=True):
        check(outcome, stall)
        assert "no complete answer within 0.15 s" in str(outcome) or "without" in str(outcome), stall


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure the peak of memory")
@pytest.mark.parametrize(("name", "stream"), SOME)
def test_a_flood_takes_neither_memory_nor_the_loop(name: str, stream: bool):
    """200 MB out of 195 kB, endless streams and millions of values: at most 100 MB, and the loop goes on."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parents[1], *sys.path)))}
    with hostile_server(by_prompt) as server:
        arguments = ["-m", "support.lying_servers", name, server.url, "x" if stream else "", *FLOODS]
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(FLOODS)
    for flood, (shown, blocked_s, memory_mb) in zip(FLOODS, lines, strict=True):
        assert memory_mb <= MOST_MB, (flood, shown, memory_mb)
        assert blocked_s < MOST_S, (flood, shown, blocked_s)


@pytest.mark.parametrize("name", FACTORIES)
def test_an_answer_nobody_asked_for_answers_no_later_request(name: str):
    """Responses that a server sends on an idle connection are not taken for those of the next requests."""
    sent = threading.Event()

    def script(received: Received) -> Iterable[Piece]:
        if received.prompt.startswith("pause"):
            sent.wait(10)
            return honest(received)
        return chained(received)

    def chained(received: Received) -> Iterable[Piece]:
        yield from honest(received)
        yield 0.05
        yield response(json.dumps(honest_body(received, "POISON")).encode()) * 3
        sent.set()

    with hostile_server(script) as server:
        texts = asyncio.run(idle_between(name, server.url, sent))
    assert texts == ["first, answered", "second, answered", "third, answered"]


async def idle_between(name: str, url: str, sent: threading.Event) -> list[str]:
    """The texts of three calls over one client, which waits for what the server sends in between."""
    from pytest_hiddenlayer.types import GenerationConfig, Message, Request

    provider, texts = FACTORIES[name](url), []
    for prompt in ("first", "second", "third"):
        sent.clear()
        request = Request(messages=(Message(role="user", content=prompt),), params=GenerationConfig(), seed=1)
        texts.append((await provider.complete(request)).text)
        while not sent.is_set():
            await asyncio.sleep(0.01)
    await provider.close()
    return texts


MODEL_LISTS: dict[str, Script] = {
    "a trickle": slowly(b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.05),
    "a trickle of headers": slowly(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", 0.05),
    "continues": slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
    "deep": lambda received: [response(b"[" * 100_000)],
    "odd": lambda received: [response(b'{"data": [7, null, {"id": []}], "models": [7]}')],
    "a page": lambda received: [response(b"<html>")],
    "a name with an escape": lambda received: [
        response(json.dumps({"data": [{"id": "\x1b[2J"}], "models": [{"model": "\x1b[2J"}]}).encode())
    ],
    "long names": lambda received: [
        response(json.dumps({"data": [{"id": "x" * 99_999}] * 9, "models": [{"model": "x" * 99_999}] * 9}).encode())
    ],
}


@pytest.mark.parametrize("lie", MODEL_LISTS)
@pytest.mark.parametrize("name", ["openai", "ollama"])
def test_a_list_of_models_that_lies_is_one_sentence(name: str, lie: str, monkeypatch: pytest.MonkeyPatch):
    """A run with such a server ends before anything is asked, soon, and with one printable sentence."""
    from pytest_hiddenlayer.providers.ollama import OllamaProvider
    from pytest_hiddenlayer.providers.openai import OpenAIProvider

    monkeypatch.setattr(http_server, "REQUEST_S", 0.2)
    refused = pytest.raises((UsageError, ProviderUnavailableError))
    with hostile_server(honest, models=MODEL_LISTS[lie]) as server, refused as caught:
        OpenAIProvider(base_url=f"{server.url}/v1") if name == "openai" else OllamaProvider(base_url=server.url)
    text = str(caught.value)
    assert text.isprintable(), text
    assert len(text) < 7000
