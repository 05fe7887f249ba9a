"""Requests that decode together take a bounded amount of memory, and every request is decoded in the end."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.providers.mlx.loading import cache_bytes_per_token
from pytest_hiddenlayer.providers.mlx.memory import MAX_PREFIX_BYTES, MIN_BYTES, MemoryLimits

LENGTHS = st.lists(st.integers(1, 500), max_size=20)


@given(st.integers(1, 2000), LENGTHS, LENGTHS)
def test_a_batch_stays_within_its_memory(tokens, running, waiting):
    """What joins fits together with what runs, or runs alone; the next one would not have fitted."""
    limits = MemoryLimits(batch_tokens=tokens)
    n = limits.n_fitting(running, waiting)
    joined = [*running, *waiting[:n]]
    if n:
        assert len(joined) * max(joined) <= tokens or len(joined) == 1
    if n < len(waiting):
        following = [*joined, waiting[n]]
        assert len(following) * max(following) > tokens
    assert n or running or not waiting


def test_without_a_known_size_the_batch_size_alone_limits():
    """A model of another kind of configuration decodes as many requests as before."""
    assert MemoryLimits.of(1 << 30, None).n_fitting([500], [500] * 63) == 63


def test_the_limit_grows_with_the_model():
    """A small model has 24 MiB for its batch; a larger one as much as its weights."""
    assert MemoryLimits.of(1 << 20, 1024).batch_tokens == MIN_BYTES // 1024
    assert MemoryLimits.of(1 << 30, 1024).batch_tokens == 1 << 20
    assert MemoryLimits.of(1 << 40, 1024).prefix_bytes == MAX_PREFIX_BYTES


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"num_hidden_layers": 6, "num_key_value_heads": 4, "head_dim": 32}, 6144),
        ({"num_hidden_layers": 6, "num_attention_heads": 4, "hidden_size": 128}, 6144),
        ({"text_config": {"num_hidden_layers": 6, "num_attention_heads": 4, "hidden_size": 128}}, 6144),
        ({"n_layer": 6}, None),
        ({"num_hidden_layers": "six", "num_attention_heads": 0, "hidden_size": 1}, None),
    ],
)
def test_the_bytes_of_a_token(config, found):
    """Layers × (keys + values) × heads × head size × bytes of a number."""
    assert cache_bytes_per_token(config, 4) == found


def test_the_bundled_model_states_its_size():
    """The bundled model's cache takes 6144 bytes per token in single precision."""
    assert cache_bytes_per_token(json.loads((bundled_path() / "config.json").read_text()), 4) == 6144


def test_all_requests_end_if_few_fit_at_once():
    """With room for two of nine requests, all are answered, and their texts are those of a full batch."""
    thread = BatchThread(bundled_path())
    prompts = [[2, 294 + i, 0, 3] for i in range(9)]

    async def go():
        return await asyncio.gather(
            *(thread.generate(ids, max_tokens=16, temperature=0.0, top_p=1.0, stop=(), seed=1) for ids in prompts)
        )

    try:
        together = asyncio.run(go())
        thread._limits = MemoryLimits(batch_tokens=45)
        few = asyncio.run(go())
    finally:
        thread.close()
    assert [result.text for result in few] == [result.text for result in together]
