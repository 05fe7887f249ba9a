"""The same bundled weights say the same through mlx and through real servers, asked by our own providers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request
from servers import Server, llama_server, mlx_server
from servers.asking import ask_all, eval_requests
from servers.bundled import write_bundled_folder, write_bundled_gguf
from servers.known_model import AFTER_PROMPT, write_known_model
from servers.llama import program

SAMPLES, SAME = 100, 99
FEW = 20
SDK = {"openai": "openai", "openai_responses": "openai", "anthropic": "anthropic"}


@pytest.fixture(scope="module")
def asked() -> list[Request]:
    """Greedy requests from evals/."""
    return eval_requests(SAMPLES)


@pytest.fixture(scope="module")
def by_mlx(asked: list[Request]) -> list[Completion]:
    """What the bundled model says through mlx."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    return ask_all(providers.get("mlx")(None), asked)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A llama-server of the bundled model's weights."""
    program()
    path = tmp_path_factory.mktemp("bundled") / "bundled.gguf"
    write_bundled_gguf(path)
    with llama_server(path) as server:
        yield server


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A llama-server of the known-probability model."""
    program()
    path = tmp_path_factory.mktemp("known") / "known.gguf"
    write_known_model(path)
    with llama_server(path) as server:
        yield server


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the server that a test starts is asked, whatever the environment names."""
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", "none")
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


def open_provider(name: str, server: Server) -> Provider:
    """Our provider of this name for a server; skips where its SDK is not installed."""
    if find_spec(SDK[name]) is None:
        pytest.skip(f"needs the SDK of provider {name}: pip install {SDK[name]}")
    provider: Provider = providers.get(name)(server.model, base_url=f"{server.url}/v1")
    return provider


def differing(one: list[Completion], other: list[Completion]) -> list[tuple[str, str]]:
    """The pairs of unequal texts."""
    return [(a.text, b.text) for a, b in zip(one, other, strict=True) if a.text != b.text]


def input_tokens(completions: list[Completion]) -> list[int | None]:
    """The prompts' lengths, as told."""
    return [completion.usage.input_tokens for completion in completions]


@pytest.mark.parametrize("name", SDK)
def test_llama_server_says_what_mlx_says(
    name: str, asked: list[Request], by_mlx: list[Completion], bundled: Server
) -> None:
    """Greedily asked, at least 99 of 100 texts are equal, and all prompts have as many tokens."""
    by_server = ask_all(open_provider(name, bundled), asked)
    unequal = differing(by_mlx, by_server)
    assert len(unequal) <= SAMPLES - SAME, unequal
    assert input_tokens(by_server) == input_tokens(by_mlx)
    assert None not in input_tokens(by_mlx)


@pytest.mark.parametrize("name", SDK)
def test_llama_server_streams_what_it_says(name: str, asked: list[Request], bundled: Server) -> None:
    """In pieces a real server says the same, counts the same, and the first piece comes before the last."""
    chosen = asked[:: SAMPLES // FEW]
    whole = ask_all(open_provider(name, bundled), chosen)
    streaming = open_provider(name, bundled)
    streaming.stream = True  # type: ignore[attr-defined]
    pieces = ask_all(streaming, chosen)
    assert differing(whole, pieces) == []
    assert [one.finish_reason for one in pieces] == [one.finish_reason for one in whole]
    assert [one.usage.output_tokens for one in pieces] == [one.usage.output_tokens for one in whole]
    assert input_tokens(pieces) == input_tokens(whole)
    firsts = [one.time_to_first_token_s for one in pieces]
    assert all(first is not None and 0 < first <= one.latency_s for first, one in zip(firsts, pieces, strict=True))


def test_mlx_server_says_what_mlx_says(asked: list[Request], by_mlx: list[Completion], tmp_path: Path) -> None:
    """Greedily asked, 20 of 20 texts and prompt lengths are equal."""
    write_bundled_folder(tmp_path / "model")
    every = SAMPLES // FEW
    with mlx_server(tmp_path / "model") as server:
        by_server = ask_all(open_provider("openai", server), asked[::every])
    assert differing(by_mlx[::every], by_server) == []
    assert input_tokens(by_server) == input_tokens(by_mlx[::every])
    assert len(by_server) == FEW


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_openai_provider_tells_the_known_probabilities(known: Server, temperature: float) -> None:
    """The first token's alternatives have the model's own probabilities, at any temperature."""
    request = Request(
        messages=(Message(role="user", content="Yes or no?"),),
        params=GenerationConfig(temperature=temperature, max_tokens=1),
        seed=1,
        top_logprobs=3,
    )
    (completion,) = ask_all(open_provider("openai", known), [request])
    assert completion.top_logprobs is not None
    assert completion.logprobs is not None
    (alternatives,), (taken,) = completion.top_logprobs, completion.logprobs
    found = {text: math.exp(value) for text, value in alternatives.items()}
    assert found == pytest.approx(AFTER_PROMPT, abs=1e-3)
    assert math.exp(taken) == pytest.approx(AFTER_PROMPT[completion.text], abs=1e-3)


def test_sampling_follows_the_known_probabilities(known: Server) -> None:
    """Of 400 answers drawn with 400 seeds, each word's share is within four standard errors of its probability."""
    draws = 400
    params = GenerationConfig(temperature=1.0, top_p=1.0, max_tokens=1)
    message = Message(role="user", content="Yes or no?")
    drawn = [Request(messages=(message,), params=params, seed=seed) for seed in range(draws)]
    said = [completion.text for completion in ask_all(open_provider("openai", known), drawn)]
    for word, probability in AFTER_PROMPT.items():
        error = math.sqrt(probability * (1 - probability) / draws)
        assert said.count(word) / draws == pytest.approx(probability, abs=4 * error)
