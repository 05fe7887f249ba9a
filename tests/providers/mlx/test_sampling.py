"""The alternatives per token of the mlx provider, compared with a direct forward pass."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from itertools import islice

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.core as mx

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.providers.mlx.rng import uniforms
from pytest_hiddenlayer.providers.mlx.sampling import Sampler, log_sum, sample
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

PROMPT = "What is 37+58? Think step by step."
TOP = 5


@pytest.fixture(scope="module")
def model() -> Iterator[MlxProvider]:
    """The bundled model, opened once."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def complete(model: MlxProvider, top: int = TOP, **params: object) -> Completion:
    request = Request(
        messages=(Message(role="user", content=PROMPT),),
        params=GenerationConfig(max_tokens=24, **params),
        seed=3,
        top_logprobs=top,
    )
    return asyncio.run(model.complete(request))


def test_alternatives_are_those_of_a_direct_forward_pass(model):
    """The TOP most probable tokens and their log-probabilities are those of the model, within 1e-3."""
    loaded = load(bundled_path())
    ids = loaded.tokenizer.prompt_ids((Message(role="user", content=PROMPT),))
    result = asyncio.run(
        model._batch.generate(ids, max_tokens=24, temperature=0.0, top_p=1.0, stop=(), seed=0, top_logprobs=TOP)
    )
    logits = loaded.model(mx.array([ids + list(result.token_ids)]))[0, len(ids) - 1 : -1].astype(mx.float32)
    logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    assert result.top_logprobs is not None
    assert len(result.top_logprobs) == len(result.token_ids) == len(result.logprobs)
    for position, reported in enumerate(result.top_logprobs):
        order = mx.argsort(-logprobs[position])[:TOP].tolist()
        expected: dict[str, float] = {}
        for token in order:  # probabilities of special tokens, which have no text, are added
            text, p = loaded.tokenizer.decode([token]), math.exp(logprobs[position, token].item())
            expected[text] = expected.get(text, 0.0) + p
        assert {text: math.exp(log) for text, log in reported.items()} == pytest.approx(expected, abs=1e-3)


def test_the_sampled_token_is_among_the_alternatives(model):
    """A sampled token outside the most probable ones is returned too, with its log-probability."""
    completion = complete(model, top=1, temperature=3.0)
    assert completion.top_logprobs is not None
    assert any(
        len(alternatives) > 1 for alternatives in completion.top_logprobs
    )  # some token was not the most probable
    for log, alternatives in zip(completion.logprobs, completion.top_logprobs, strict=True):
        assert any(value == pytest.approx(log, abs=1e-6) for value in alternatives.values())


def test_the_greedy_text_joins_the_most_probable_alternatives(model):
    """The most probable alternatives, joined, are the greedy text."""
    completion = complete(model)
    likeliest = [max(alternatives, key=alternatives.__getitem__) for alternatives in completion.top_logprobs]
    assert "".join(likeliest) == completion.text


def test_alternatives_are_returned_on_request(model):
    """A request without `top_logprobs` gets none, and the same text."""
    assert complete(model, top=0).top_logprobs is None
    assert complete(model, top=0).text == complete(model).text


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.25), (0.25, 0.5), (1e-300, 1.0), (0.1, 0.1)])
def test_log_sum(a, b):
    """The result is ln(a + b); minus infinity adds nothing."""
    assert log_sum(math.log(a), math.log(b)) == pytest.approx(math.log(a + b))
    assert log_sum(-math.inf, math.log(a)) == math.log(a)
    assert log_sum(-math.inf, -math.inf) == -math.inf


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_a_token_does_not_depend_on_the_other_requests(kind: str):
    """Requests of several temperatures, nuclei and rows sample the tokens of one request at a time, for 40 steps."""
    settings = [(row, *s) for row in range(3) for s in ((0.0, 1.0, 1), (0.7, 1.0, 2), (0.7, 1.0, 3), (1.5, 0.8, 4))]
    together = [Sampler.of(*rest) for _, *rest in settings]
    alone = [Sampler.of(*rest) for _, *rest in settings]
    seen = set()
    for step in range(40):
        logits = mx.random.normal((3, 50), key=mx.random.key(step)).astype(getattr(mx, kind))
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        tokens = sample(logprobs, [row for row, *_ in settings], together).tolist()
        assert tokens == [
            sample(logprobs[row : row + 1], [0], [sampler]).item()
            for (row, *_), sampler in zip(settings, alone, strict=True)
        ]
        seen.update(tokens)
    assert len(seen) > 20


def test_the_token_is_the_first_beyond_the_random_number():
    """With three probabilities, the tokens are those that the random numbers of the seed choose by hand."""
    row, sampler = mx.log(mx.array([[0.5, 0.3, 0.2]])), Sampler.of(1.0, 1.0, 7)
    drawn = [sample(row, [0], [sampler]).item() for _ in range(20)]
    assert drawn == [0 if u < 0.5 else 1 if u < 0.8 else 2 for u in islice(uniforms(7), 20)]
