"""Sampling tokens from distributions, for all requests of a batch at once; the alternatives of a token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .rng import Uniforms, next_uniforms
from .tokenizers import Tokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampler:
    """How one request samples: greedily at temperature 0, else with the random numbers of a seed."""

    temperature: float
    top_p: float
    uniforms: Uniforms

    @classmethod
    def of(cls, temperature: float, top_p: float, seed: int) -> Sampler:
        """Return the sampler of a request. Raises ValueError for a seed outside [0, 2**64)."""
        return cls(temperature=temperature, top_p=top_p, uniforms=Uniforms(seed if temperature else 0))

    def give_back(self, n: int) -> None:
        """Let the random numbers of the last `n` tokens be the next ones again."""
        if self.temperature != 0:
            self.uniforms.give_back(n)


def sample(logprobs: Any, rows: Sequence[int], samplers: Sequence[Sampler]) -> Any:
    """Return one token per sampler, each from its row of `logprobs`, an array of shape (rows, vocabulary).

    The sampled token is the first whose cumulative probability exceeds the random number, as in mlx for one row.
    As in mlx-lm, top_p applies before the temperature. A token does not depend on the other samplers. A sampler
    that is named several times has that many tokens, in order.
    """
    import mlx.core as mx

    greedy = [index for index, sampler in enumerate(samplers) if sampler.temperature == 0]
    drawing = [index for index, sampler in enumerate(samplers) if sampler.temperature != 0]
    parts = []
    if greedy:
        parts.append(mx.argmax(_taken(mx, logprobs, [rows[index] for index in greedy]), axis=-1))
    if drawing:
        parts.append(_drawn(mx, logprobs, [rows[index] for index in drawing], [samplers[index] for index in drawing]))
    if len(parts) == 1:
        return parts[0]
    place = {index: position for position, index in enumerate([*greedy, *drawing])}
    return mx.concatenate(parts)[mx.array([place[index] for index in range(len(samplers))])]


def _drawn(mx: Any, logprobs: Any, rows: Sequence[int], samplers: Sequence[Sampler]) -> Any:
    """Return sampled tokens; requests with the same distribution share its cumulative probabilities."""
    keys = [(row, sampler.temperature, sampler.top_p) for row, sampler in zip(rows, samplers, strict=True)]
    distinct = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    logs = _taken(mx, logprobs, [row for row, _, _ in distinct])
    if any(top_p < 1 for _, _, top_p in distinct):
        logs = _nucleus(mx, logs, mx.array([[top_p] for _, _, top_p in distinct], logs.dtype))
    inverse = mx.array([[1 / temperature] for _, temperature, _ in distinct], logs.dtype)
    cumulative = mx.cumsum(mx.softmax(logs * inverse, axis=-1), axis=-1)
    cumulative = _taken(mx, cumulative, [distinct[key] for key in keys])
    drawn = mx.array([[number] for number in next_uniforms([sampler.uniforms for sampler in samplers])], logs.dtype)
    return mx.argmax(cumulative > cumulative[..., -1:] * drawn, axis=-1)


def _taken(mx: Any, array: Any, rows: Sequence[int]) -> Any:
    """Return these rows of an array; the array itself if these are all of its rows, in order."""
    return array if list(rows) == list(range(array.shape[0])) else array[mx.array(rows)]


def _nucleus(mx: Any, logprobs: Any, top_p: Any) -> Any:
    """Keep the smallest set of tokens whose probability reaches that of the row; set all others to minus infinity.

    A row whose `top_p` is 1 or more keeps all of its tokens.

    Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", section 3.1.
    """
    order = mx.argsort(-logprobs, axis=-1)
    ranked = mx.take_along_axis(mx.exp(logprobs), order, axis=-1)
    before = mx.cumsum(ranked, axis=-1) - ranked
    drop = mx.put_along_axis(
        mx.zeros_like(logprobs), order, ((before >= top_p) & (top_p < 1)).astype(logprobs.dtype), axis=-1
    )
    return mx.where(drop > 0, mx.array(-float("inf"), logprobs.dtype), logprobs)


def alternatives(logprobs: Any, token: int, top: int, tokenizer: Tokenizer) -> dict[str, float]:
    """Return text → natural log-probability of the `top` most probable tokens and of the sampled one.

    Probabilities of tokens with the same text are added.
    """
    import mlx.core as mx

    best: Any = mx.argsort(-logprobs)[:top]
    ids = [*best.tolist(), token]
    logs = [*logprobs[best].tolist(), logprobs[token].item()]
    by_text: dict[str, float] = {}
    for token_id, log in dict(zip(ids, logs, strict=True)).items():
        text = tokenizer.decode([token_id])
        by_text[text] = log_sum(by_text[text], log) if text in by_text else log
    return by_text


def entropies(distributions: Sequence[Any]) -> list[float]:
    """Return the entropy of each distribution over the whole vocabulary, in nats, with one operation for all."""
    import mlx.core as mx

    if not distributions:
        return []
    logprobs: Any = mx.stack(list(distributions)).astype(mx.float32)
    parts = mx.where(mx.isfinite(logprobs), mx.exp(logprobs) * logprobs, 0.0)  # 0 · −inf is 0 here
    negative: Any = parts.sum(axis=-1).tolist()
    values: list[float] = [max(0.0, -value) for value in negative]
    return values


def log_sum(a: float, b: float) -> float:
    """Return ln(eᵃ + eᵇ)."""
    high, low = max(a, b), min(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(low - high))
