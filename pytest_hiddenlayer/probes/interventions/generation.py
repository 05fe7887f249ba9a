"""Generation while hooks act: one token after the other, so that no token is computed ahead of a hook.

mlx-lm's own generator starts the next step before it hands out a token. Here each step ends before the next begins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

from ...errors import UsageError
from ...providers.mlx.sampling import Sampler, sample
from ..structure import logits_of
from .steering import Steering
from .target import checked_ids

CHUNK = 512  # tokens of the prompt that are read at once


def generate_steered(
    model: Any,
    ids: Sequence[int],
    steering: Steering | None = None,
    *,
    max_tokens: int = 64,
    end_ids: Collection[int] = (),
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
) -> list[int]:
    """The token ids that a steered model generates after the prompt `ids`, without the token that ends it.

    Greedy at temperature 0, else sampled with the random numbers of `seed` as the provider mlx does. Keys and values
    are cached. Without steering, or with strength 0, it is what the model says by itself, bit for bit. Afterwards the
    model is as it was.
    """
    if max_tokens < 1:
        raise UsageError(f"max_tokens={max_tokens}: generation needs at least 1")
    if not (steering is None or isinstance(steering, Steering)):
        raise UsageError(
            f"steering={type(steering).__name__}: pass what `steering(vector, strength)` returns, or None"
        )
    prompt = checked_ids(ids)
    sampler = Sampler.of(temperature, top_p, seed)
    cache = import_module("mlx_lm.models.cache").make_prompt_cache(model)
    steered: AbstractContextManager[object] = steering.hooks(model) if steering is not None else nullcontext()
    later = steering is not None and steering.positions == "generated"
    if later:
        _read(model, prompt[:-1], cache)
    with steered:
        if not later:
            _read(model, prompt[:-1], cache)
        return _decode(model, prompt[-1], cache, sampler, max_tokens, end_ids)


def _read(model: Any, ids: Sequence[int], cache: Any) -> None:
    """Put the prompt without its last token into the cache."""
    import mlx.core as mx

    for start in range(0, len(ids), CHUNK):
        mx.eval(model(mx.array([ids[start : start + CHUNK]]), cache=cache))


def _decode(
    model: Any, token: int, cache: Any, sampler: Sampler, max_tokens: int, end_ids: Collection[int]
) -> list[int]:
    import mlx.core as mx

    generated: list[int] = []
    while len(generated) < max_tokens:
        logits = logits_of(model(mx.array([[token]]), cache=cache))[:, -1].astype(mx.float32)
        token = int(sample(logits - mx.logsumexp(logits, axis=-1, keepdims=True), [0], [sampler]).item())
        if token in end_ids:
            break
        generated.append(token)
    return generated
