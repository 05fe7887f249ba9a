"""Steering: what is added, when, and measured against what."""

from __future__ import annotations

import asyncio

import mlx.core as mx
import numpy as np
import pytest
from support.small_models import small_model

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.probes.concepts.vector import concept_vector
from pytest_hiddenlayer.probes.hooks import ModelHooks
from pytest_hiddenlayer.probes.interventions.effect import steering_effect
from pytest_hiddenlayer.probes.interventions.generation import generate_steered
from pytest_hiddenlayer.probes.interventions.preference import continuation_log_probabilities, preference
from pytest_hiddenlayer.probes.interventions.steering import Steering, steering
from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

PROMPT = [5, 17, 200, 31, 8, 90]
UNIT = np.eye(64, dtype=np.float32)[3]


def made(strength: float, **changes) -> Steering:
    """Steering along one coordinate after layer 1."""
    return Steering(direction=UNIT, layer=1, strength=strength, scale=2.0, **changes)


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_strength_0_is_the_model_itself(name, temperature):
    """Greedy and sampled, with both choices of positions, the tokens with strength 0 are those without steering."""
    model = small_model(name, gain=0.1)
    options = {"max_tokens": 12, "temperature": temperature, "seed": 3}
    plain = generate_steered(model, PROMPT, **options)
    for positions in ("all", "generated"):
        assert generate_steered(model, PROMPT, made(0.0, positions=positions), **options) == plain
    logits = model(mx.array([PROMPT]))
    with made(0.0).hooks(model):
        assert mx.array_equal(model(mx.array([PROMPT])), logits)


def test_the_vector_is_added_behind_the_layer():
    """The residual stream grows by strength times scale along the direction, at every token, and nowhere before."""
    model = small_model("llama")
    with ModelHooks(model, read=["residual_post"]) as plain:
        model(mx.array([PROMPT]))
    with made(1.5).hooks(model), ModelHooks(model, read=["residual_post"]) as hooks:
        model(mx.array([PROMPT]))
    change = hooks.values["residual_post", 1] - plain.values["residual_post", 1]
    np.testing.assert_allclose(np.array(change[0]), np.tile(3.0 * UNIT, (6, 1)), atol=1e-4)
    assert mx.array_equal(hooks.values["residual_post", 0], plain.values["residual_post", 0])


def test_steering_acts_for_the_whole_generation():
    """Each generated token is the best one of a steered pass without a cache over all tokens before it."""
    model = small_model("llama", gain=0.1)
    steered = made(8.0)
    generated = generate_steered(model, PROMPT, steered, max_tokens=10)
    assert generated != generate_steered(model, PROMPT, max_tokens=10)
    for number, token in enumerate(generated):
        with steered.hooks(model):
            logits = model(mx.array([PROMPT + generated[:number]]))[0, -1]
        assert logits[token] >= logits.max() - 1e-4


def test_steering_of_generated_tokens_leaves_the_prompt_alone():
    """Tokens generated with positions 'generated' are the best ones with steering from the prompt's last token on."""
    model = small_model("llama", gain=0.1)
    steered = made(8.0, positions="generated")
    generated = generate_steered(model, PROMPT, steered, max_tokens=8)
    for number, token in enumerate(generated):
        ids = PROMPT + generated[:number]
        with steered.hooks(model, where=mx.arange(len(ids))[None] >= len(PROMPT) - 1):
            logits = model(mx.array([ids]))[0, -1]
        assert logits[token] >= logits.max() - 1e-4
    assert generated != generate_steered(model, PROMPT, made(8.0), max_tokens=8)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_without_steering_it_is_what_the_provider_says(temperature):
    """The bundled model's own answer, greedy and sampled with a seed, token by token."""
    loaded = load(bundled_path())
    messages = (Message(role="user", content="What is 123 + 456?"),)
    ids = loaded.tokenizer.prompt_ids(messages)
    found = generate_steered(
        loaded.model, ids, max_tokens=40, end_ids=loaded.end_ids, temperature=temperature, seed=5
    )
    provider = MlxProvider()
    params = GenerationConfig(max_tokens=40, temperature=temperature)
    request = Request(messages=messages, params=params, seed=5)
    answer = asyncio.run(provider.complete(request))
    assert loaded.tokenizer.decode(found).strip() == answer.text.strip()


def test_log_probabilities_are_those_of_each_text_alone():
    """Padding changes nothing: a short text beside a long one has the value of the plain formula."""
    model = small_model("qwen3")
    texts = [(PROMPT, [1, 2]), (PROMPT[:3], [9, 9, 4, 7, 7, 1, 30])]
    found = continuation_log_probabilities(model, texts)
    for value, (prompt, following) in zip(found, texts, strict=True):
        rows = np.array(model(mx.array([prompt + following]))[0], dtype=float)[len(prompt) - 1 : -1]
        logs = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
        assert value == pytest.approx(logs[np.arange(len(following)), following].mean(), abs=1e-3)
    assert preference(model, texts[:1], texts[1:]) == pytest.approx(found[0] - found[1], abs=1e-3)


def test_the_direction_of_a_token_beats_random_directions():
    """The output embedding of token 7, added in the last layer, makes 7 more probable than random directions do."""
    model = small_model("llama")
    row = np.array(model.model.embed_tokens.weight[7])
    along = Steering(direction=row / np.linalg.norm(row), layer=3, strength=1.0, scale=20.0)
    effect = steering_effect(lambda s: continuation_log_probabilities(model, [(PROMPT, [7])], s)[0], along)
    assert (len(effect.others), effect.p) == (40, pytest.approx(1 / 41))
    assert effect.effect > max(effect.others)
    away = steering_effect(
        lambda s: continuation_log_probabilities(model, [(PROMPT, [7])], s)[0], along.along(-along.direction)
    )
    assert away.p > 0.5
    assert "40 other directions" in str(away)


def test_random_directions_have_the_same_length():
    """Whatever the length of a direction that is given, the vector that is added has that of the target."""
    lengths = []

    def measure(steered):
        lengths.append(None if steered is None else float(np.linalg.norm(steered.direction)))
        return 0.0

    found = steering_effect(measure, made(1.0), directions=np.random.default_rng(0).normal(size=(20, 64)) * 9)
    assert lengths[0] is None
    assert lengths[1:] == pytest.approx([1.0] * 21)
    assert found.p == 1.0


def test_units_of_strength():
    """'norm' multiplies by the mean length of the activations, 'raw' by 1."""
    rows = np.random.default_rng(0).normal(size=(2, 10, 64))
    vector = concept_vector(rows[0] + 1, rows[1], layer=1, site="residual_post", model="m")
    assert steering(vector, 0.5).scale == pytest.approx(vector.activation_norm)
    assert steering(vector, 0.5, unit="raw").scale == 1.0
    other = concept_vector(rows[0] + 1, rows[1], layer=1, site="mlp", model="m")
    for call, message in (
        (lambda: steering(other, 1.0), "made at site 'mlp'"),
        (lambda: steering(vector, float("nan")), "finite"),
        (lambda: steering(vector, 1.0, unit="sd"), "'norm' or 'raw'"),
        (lambda: steering_effect(lambda s: 0.0, made(1.0), n_random=19), "at least 20"),
        (lambda: steering(vector, 1.0).hooks(small_model("llama", hidden_size=32)), "width 64, the model 32"),
        (lambda: generate_steered(small_model("llama"), PROMPT, max_tokens=0), "at least 1"),
        (lambda: preference(small_model("llama"), [(PROMPT, [])], [(PROMPT, [1])]), "some are empty"),
    ):
        with pytest.raises(UsageError, match=message):
            call()
