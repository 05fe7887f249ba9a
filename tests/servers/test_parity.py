"""The bundled weights generate the same texts through mlx and through real servers."""

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
from servers.bundled import write_bundled_folder, write_bundled_gguf
from servers.known_model import AFTER_PROMPT
from servers.llama import program
from servers.requests import ask_all, eval_requests

SAMPLES, SAME = 100, 99
FEW = 20
SDK = {"openai": "openai", "openai_responses": "openai", "anthropic": "anthropic"}


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    """Greedy requests from evals/."""
    return eval_requests(SAMPLES)


@pytest.fixture(scope="module")
def by_mlx(requests: list[Request]) -> list[Completion]:
    """Completions of the bundled model through mlx."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    return ask_all(providers.get("mlx")(None), requests)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A llama-server of the bundled model's weights."""
    program()
    path = tmp_path_factory.mktemp("bundled") / "bundled.gguf"
    write_bundled_gguf(path)
    with llama_server(path) as server:
        yield server


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go only to the server that a test starts, whatever the environment contains."""
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", "none")
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


def open_provider(name: str, server: Server) -> Provider:
    """Open the provider of this name for a server. Skips the test if its SDK is not installed."""
    if find_spec(SDK[name]) is None:
        pytest.skip(f"no SDK for provider {name}: `pip install {SDK[name]}`")
    provider: Provider = providers.get(name)(server.model, base_url=f"{server.url}/v1")
    return provider


def differing(first: list[Completion], second: list[Completion]) -> list[tuple[str, str]]:
    """Return the pairs of unequal texts."""
    return [(a.text, b.text) for a, b in zip(first, second, strict=True) if a.text != b.text]


def input_tokens(completions: list[Completion]) -> list[int | None]:
    """Return the reported number of input tokens per completion."""
    return [completion.usage.input_tokens for completion in completions]


@pytest.mark.parametrize("name", SDK)
def test_llama_server_generates_the_texts_of_mlx(
    name: str, requests: list[Request], by_mlx: list[Completion], bundled: Server
) -> None:
    """With greedy decoding at least 99 of 100 texts are equal, and all prompts have the same number of tokens."""
    by_server = ask_all(open_provider(name, bundled), requests)
    unequal = differing(by_mlx, by_server)
    assert len(unequal) <= SAMPLES - SAME, unequal
    assert input_tokens(by_server) == input_tokens(by_mlx)
    assert None not in input_tokens(by_mlx)


@pytest.mark.parametrize("name", SDK)
def test_llama_server_streams_the_same_texts(name: str, requests: list[Request], bundled: Server) -> None:
    """Streamed texts and counts equal the whole ones, and the first token arrives before the end."""
    chosen = requests[:: SAMPLES // FEW]
    whole = ask_all(open_provider(name, bundled), chosen)
    streaming = open_provider(name, bundled)
    streaming.stream = True  # type: ignore[attr-defined]
    streamed = ask_all(streaming, chosen)
    assert differing(whole, streamed) == []
    assert [c.finish_reason for c in streamed] == [c.finish_reason for c in whole]
    assert [c.usage.output_tokens for c in streamed] == [c.usage.output_tokens for c in whole]
    assert input_tokens(streamed) == input_tokens(whole)
    assert all(0 < (c.time_to_first_token_s or 0) <= c.latency_s for c in streamed)


@pytest.mark.slow
def test_mlx_server_generates_the_texts_of_mlx(
    requests: list[Request], by_mlx: list[Completion], tmp_path: Path
) -> None:
    """With greedy decoding 20 of 20 texts and prompt lengths are equal."""
    write_bundled_folder(tmp_path / "model")
    step = SAMPLES // FEW
    with mlx_server(tmp_path / "model") as server:
        by_server = ask_all(open_provider("openai", server), requests[::step])
    assert differing(by_mlx[::step], by_server) == []
    assert input_tokens(by_server) == input_tokens(by_mlx[::step])
    assert len(by_server) == FEW


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_openai_provider_returns_the_known_probabilities(known: Server, temperature: float) -> None:
    """The alternatives of the first token have the probabilities of the model, at any temperature."""
    request = Request(
        messages=(Message(role="user", content="Yes or no?"),),
        params=GenerationConfig(temperature=temperature, max_tokens=1),
        seed=1,
        top_logprobs=3,
    )
    (completion,) = ask_all(open_provider("openai", known), [request])
    assert completion.top_logprobs is not None
    assert completion.logprobs is not None
    (alternatives,), (sampled,) = completion.top_logprobs, completion.logprobs
    probabilities = {text: math.exp(value) for text, value in alternatives.items()}
    assert probabilities == pytest.approx(AFTER_PROMPT, abs=1e-3)
    assert math.exp(sampled) == pytest.approx(AFTER_PROMPT[completion.text], abs=1e-3)


def test_sampling_follows_the_known_probabilities(known: Server) -> None:
    """Of 400 responses with 400 seeds, the share of each word is within four standard errors of its probability."""
    n = 400
    params = GenerationConfig(temperature=1.0, top_p=1.0, max_tokens=1)
    message = Message(role="user", content="Yes or no?")
    sampled = [Request(messages=(message,), params=params, seed=seed) for seed in range(n)]
    texts = [completion.text for completion in ask_all(open_provider("openai", known), sampled)]
    for word, probability in AFTER_PROMPT.items():
        error = math.sqrt(probability * (1 - probability) / n)
        assert texts.count(word) / n == pytest.approx(probability, abs=4 * error)
