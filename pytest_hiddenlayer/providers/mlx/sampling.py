"""Sampling a token from a distribution; its log-probability and its alternatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .rng import uniforms
from .tokenizers import Tokenizer


def sampler(temperature: float, top_p: float, seed: int) -> Any:
    """Return a function that samples a token with the random numbers of `seed`; None (greedy) at temperature 0.

    The sampled token is the first whose cumulative probability exceeds the random number, as in mlx for one row.
    As in mlx-lm, top_p applies before the temperature. Raises ValueError for a seed outside [0, 2**64).
    """
    if temperature == 0:
        return None
    import mlx.core as mx

    draws = uniforms(seed)

    def sample(logprobs: Any) -> Any:
        truncated = _nucleus(mx, logprobs, top_p) if top_p < 1 else logprobs
        cumulative = mx.cumsum(mx.softmax(truncated * (1 / temperature), axis=-1), axis=-1)
        return mx.argmax(cumulative > cumulative[..., -1:] * next(draws), axis=-1)

    return sample


def _nucleus(mx: Any, logprobs: Any, top_p: float) -> Any:
    """Keep the smallest set of tokens whose probability reaches `top_p`; set all others to minus infinity.

    Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", section 3.1.
    """
    order = mx.argsort(-logprobs, axis=-1)
    ranked = mx.take_along_axis(mx.exp(logprobs), order, axis=-1)
    before = mx.cumsum(ranked, axis=-1) - ranked
    drop = mx.put_along_axis(mx.zeros_like(logprobs), order, (before >= top_p).astype(logprobs.dtype), axis=-1)
    return mx.where(drop > 0, mx.array(-float("inf"), logprobs.dtype), logprobs)


def sampled_logprobs(responses: Sequence[Any]) -> list[float]:
    """Return the natural log-probability of every sampled token, with one read of mlx memory for all."""
    import mlx.core as mx

    if all(response.logprobs.dtype == mx.float32 for response in responses):  # readable without an mlx operation
        return [memoryview(response.logprobs)[response.token] for response in responses]
    sampled: Any = mx.concatenate([r.logprobs[r.token : r.token + 1] for r in responses])
    values: list[float] = sampled.tolist()
    return values


def alternatives(response: Any, top: int, tokenizer: Tokenizer) -> dict[str, float]:
    """Return text → natural log-probability of the `top` most probable tokens and of the sampled one.

    Probabilities of tokens with the same text are added.
    """
    import mlx.core as mx

    logprobs = response.logprobs
    best: Any = mx.argsort(-logprobs)[:top]
    ids = [*best.tolist(), response.token]
    logs = [*logprobs[best].tolist(), logprobs[response.token].item()]
    by_text: dict[str, float] = {}
    for token, log in dict(zip(ids, logs, strict=True)).items():
        text = tokenizer.decode([token])
        by_text[text] = log_sum(by_text[text], log) if text in by_text else log
    return by_text


def entropies(responses: Sequence[Any]) -> list[float]:
    """Return the entropy of each distribution over the whole vocabulary, in nats, with one operation for all."""
    import mlx.core as mx

    logprobs: Any = mx.stack([response.logprobs for response in responses]).astype(mx.float32)
    parts = mx.where(mx.isfinite(logprobs), mx.exp(logprobs) * logprobs, 0.0)  # 0 · −inf is 0 here
    negative: Any = parts.sum(axis=-1).tolist()
    values: list[float] = [max(0.0, -value) for value in negative]
    return values


def log_sum(a: float, b: float) -> float:
    """Return ln(eᵃ + eᵇ)."""
    high, low = max(a, b), min(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(low - high))
