"""From a distribution over tokens to a token, its log-probability and its alternatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .loading import Tokenizer
from .rng import uniforms


def sampler(temperature: float, top_p: float, seed: int) -> Any:
    """Draws from the distribution with numbers of its own; None (greedy) at temperature 0.

    The draw is mlx's for a single row: the first token at which the summed probability exceeds the number.

    As in mlx-lm, top_p is taken before the temperature. Raises ValueError for a seed outside [0, 2**64).
    """
    if temperature == 0:
        return None
    import mlx.core as mx

    draws = uniforms(seed)

    def sample(logprobs: Any) -> Any:
        kept = _nucleus(mx, logprobs, top_p) if top_p < 1 else logprobs
        reached = mx.cumsum(mx.softmax(kept * (1 / temperature), axis=-1), axis=-1)
        return mx.argmax(reached > reached[..., -1:] * next(draws), axis=-1)

    return sample


def _nucleus(mx: Any, logprobs: Any, top_p: float) -> Any:
    """The smallest set of tokens whose probability reaches `top_p`; all others at minus infinity.

    Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", section 3.1.
    """
    order = mx.argsort(-logprobs, axis=-1)
    ranked = mx.take_along_axis(mx.exp(logprobs), order, axis=-1)
    before = mx.cumsum(ranked, axis=-1) - ranked
    drop = mx.put_along_axis(mx.zeros_like(logprobs), order, (before >= top_p).astype(logprobs.dtype), axis=-1)
    return mx.where(drop > 0, mx.array(-float("inf"), logprobs.dtype), logprobs)


def taken(responses: Sequence[Any]) -> list[float]:
    """The natural logs of the probabilities of the tokens that were taken; one read for all of them."""
    import mlx.core as mx

    if all(one.logprobs.dtype == mx.float32 for one in responses):  # in place: no operation of mlx at all
        return [memoryview(one.logprobs)[one.token] for one in responses]
    found: Any = mx.concatenate([one.logprobs[one.token : one.token + 1] for one in responses])
    values: list[float] = found.tolist()
    return values


def alternatives(response: Any, top: int, tokenizer: Tokenizer) -> dict[str, float]:
    """The texts of the most probable tokens and of the one that was taken; those of equal text add up."""
    import mlx.core as mx

    logprobs = response.logprobs
    best: Any = mx.argsort(-logprobs)[:top]
    ids = [*best.tolist(), response.token]
    logs = [*logprobs[best].tolist(), logprobs[response.token].item()]
    found: dict[str, float] = {}
    for token, log in dict(zip(ids, logs, strict=True)).items():
        text = tokenizer.decode([token])
        found[text] = log_sum(found[text], log) if text in found else log
    return found


def log_sum(a: float, b: float) -> float:
    """ln(eᵃ + eᵇ)."""
    high, low = max(a, b), min(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(low - high))
