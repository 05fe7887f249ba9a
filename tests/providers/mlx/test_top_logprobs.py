"""The alternatives of each token that the mlx provider tells, against a direct forward pass."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.core as mx

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.providers.mlx.sampling import log_sum, taken
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

PROMPT = "What is 37+58? Think step by step."
TOP = 5


@pytest.fixture(scope="module")
def model() -> Iterator[MlxProvider]:
    """The bundled model, opened once."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def said(model: MlxProvider, top: int = TOP, **params: object) -> Completion:
    request = Request(
        messages=(Message(role="user", content=PROMPT),),
        params=GenerationConfig(max_tokens=24, **params),
        seed=3,
        top_logprobs=top,
    )
    return asyncio.run(model.complete(request))


def test_alternatives_are_those_of_a_direct_forward_pass(model):
    """At every place the TOP most probable tokens and their log-probabilities are the model's own, within 1e-3."""
    ids = model._prompt_ids(
        Request(messages=(Message(role="user", content=PROMPT),), params=GenerationConfig(), seed=0)
    )
    made = asyncio.run(
        model._batch.generate(ids, max_tokens=24, temperature=0.0, top_p=1.0, stop=(), seed=0, top_logprobs=TOP)
    )
    loaded = load(bundled_path())
    logits = loaded.model(mx.array([ids + list(made.token_ids)]))[0, len(ids) - 1 : -1].astype(mx.float32)
    logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    assert made.top_logprobs is not None
    assert len(made.top_logprobs) == len(made.token_ids) == len(made.logprobs)
    for place, told in enumerate(made.top_logprobs):
        order = mx.argsort(-logprobs[place])[:TOP].tolist()
        expected: dict[str, float] = {}
        for token in order:  # special tokens have no text: theirs add up
            text, p = loaded.tokenizer.decode([token]), math.exp(logprobs[place, token].item())
            expected[text] = expected.get(text, 0.0) + p
        assert {text: math.exp(log) for text, log in told.items()} == pytest.approx(expected, abs=1e-3)


def test_the_token_taken_is_always_among_them(model):
    """Also a sampled token outside the most probable ones is told, with its own log-probability."""
    hot = said(model, top=1, temperature=3.0)
    assert hot.top_logprobs is not None
    assert any(len(told) > 1 for told in hot.top_logprobs)  # some token was not the most probable
    for log, told in zip(hot.logprobs, hot.top_logprobs, strict=True):
        assert any(value == pytest.approx(log, abs=1e-6) for value in told.values())


def test_the_greedy_text_is_that_of_the_first_alternatives(model):
    """Joined, the most probable alternatives are the greedy text."""
    done = said(model)
    assert "".join(max(told, key=told.__getitem__) for told in done.top_logprobs) == done.text


def test_nobody_asked(model):
    """Without the wish there are none, and the text is the same."""
    assert said(model, top=0).top_logprobs is None
    assert said(model, top=0).text == said(model).text


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.25), (0.25, 0.5), (1e-300, 1.0), (0.1, 0.1)])
def testlog_sum(a, b):
    """ln(a + b), and minus infinity adds nothing."""
    assert log_sum(math.log(a), math.log(b)) == pytest.approx(math.log(a + b))
    assert log_sum(-math.inf, math.log(a)) == math.log(a)
    assert log_sum(-math.inf, -math.inf) == -math.inf


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_the_logs_of_the_tokens_taken(kind: str):
    """One log-probability a response, whatever the model's precision."""
    row = mx.log(mx.array([0.5, 0.25, 0.25])).astype(getattr(mx, kind))
    mx.eval(row)
    logs = taken([SimpleNamespace(logprobs=row, token=token) for token in (2, 0)])
    assert logs == pytest.approx([math.log(0.25), math.log(0.5)], rel=1e-2)
    assert all(type(log) is float for log in logs)
    assert taken([]) == []
