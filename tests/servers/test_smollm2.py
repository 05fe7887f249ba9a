"""SmolLM2 from the package index: the same answers through mlx and through llama-server, on the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.models.fetch import FetchError, fetch
from pytest_hiddenlayer.models.known import KNOWN
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request
from servers import llama_server
from servers.llama import program
from servers.requests import ask_all

SAME = 90
COUNTRIES = "France Italy Spain Germany Japan China India Egypt Greece Russia Canada Brazil Peru Kenya Cuba Iran Iraq"
WORDS = "cat house river stone bread window garden winter doctor music paper horse island bridge candle"
ANIMALS = "lion eagle shark frog bee whale horse owl snake spider"
COLOURS = "red blue green yellow orange purple black white"


def prompts() -> list[str]:
    """A hundred short prompts: facts, rewriting, short chat."""
    made = [f"What is the capital of {name}?" for name in COUNTRIES.split()]
    made += [f"Use the word '{word}' in a short sentence." for word in WORDS.split()]
    made += [f"Write '{word}' in capital letters." for word in WORDS.split()]
    made += [f"Where does a {animal} live? Answer in one sentence." for animal in ANIMALS.split()]
    made += [f"Is a {animal} a bird? Answer yes or no." for animal in ANIMALS.split()]
    made += [f"Name one thing that is {colour}." for colour in COLOURS.split()]
    made += [f"Rewrite politely: Give me the {word}." for word in WORDS.split()]
    made += [f"Translate '{word}' into French." for word in WORDS.split()]
    return made[:100]


@pytest.fixture(scope="module")
def gguf() -> Path:
    """The model's file, fetched once into the user's cache."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    try:
        return fetch(KNOWN["smollm2"])
    except FetchError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.xfail(
    reason="53 of 100 texts were the same: llama-server rounds activations to 8 bits, and answers part at near ties",
    raises=AssertionError,
)
def test_greedy_answers_agree_with_llama_server(gguf: Path, monkeypatch: pytest.MonkeyPatch):
    """At least 90 of 100 texts are the same, and all token counts of the prompts."""
    program()
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    requests = [
        Request(
            messages=(Message(role="user", content=prompt),),
            params=GenerationConfig(temperature=0.0, max_tokens=24),
            seed=0,
            sample_id=str(number),
        )
        for number, prompt in enumerate(prompts())
    ]
    assert len(requests) == 100
    by_mlx: list[Completion] = ask_all(providers.get("mlx")("smollm2"), requests)
    with llama_server(gguf) as server:
        provider = providers.get("openai")("tiny", base_url=f"{server.url}/v1")
        by_server = ask_all(provider, requests)
    pairs = list(zip(by_mlx, by_server, strict=True))
    assert [ours.usage.input_tokens for ours, _ in pairs] == [theirs.usage.input_tokens for _, theirs in pairs]
    same = sum(ours.text.strip() == theirs.text.strip() for ours, theirs in pairs)
    print(f"{same} of {len(pairs)} texts are the same")
    assert same >= SAME
