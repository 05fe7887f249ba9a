"""Attention weights from the arguments of one attention call, in single precision.

Source: Vaswani et al. 2017, "Attention is all you need", section 3.2.1: softmax(q kᵀ · scale + mask).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AttentionWeights:
    """The attention weights of one layer in one forward pass, and what proves them."""

    weights: Any  # mlx float32 array [batch, heads, queries, keys]; a row and its sink sum to 1
    sinks: Any | None  # [batch, heads, queries]: the weight that goes to no token; None: the layer has no sinks
    values: Any  # [batch, key-value heads, keys, size]: what the weights average
    output: Any  # [batch, heads, queries, size]: what the model itself computed from them
    key_positions: np.ndarray[Any, Any] | None  # position of each key; None: keys are at 0, 1, 2, ... in order


def attention_weights(
    queries: Any, keys: Any, *, scale: float, mask: Any, sinks: Any | None = None, soft_cap: float | None = None
) -> tuple[Any, Any | None]:
    """Return weights [batch, heads, queries, keys] and the weight of the sinks [batch, heads, queries] or None.

    `queries` is [batch, heads, queries, size] and `keys` [batch, key-value heads, keys, size]; each key-value head
    serves equally many consecutive heads. `mask` is None, "causal" (the last query is at the last key), a Boolean
    array (True: visible) or an array that is added. `sinks` [heads] are logits of a key that is no token.
    """
    import mlx.core as mx

    queries, keys = queries.astype(mx.float32), repeated(keys.astype(mx.float32), queries.shape[1])
    scores = (queries * scale) @ keys.swapaxes(-1, -2)
    if soft_cap is not None:
        scores = mx.tanh(scores / soft_cap) * soft_cap
    scores = _masked(scores, mask)
    if sinks is None:
        return mx.softmax(scores, axis=-1), None
    column = mx.broadcast_to(sinks.astype(mx.float32)[None, :, None, None], (*scores.shape[:-1], 1))
    whole = mx.softmax(mx.concatenate([scores, column], axis=-1), axis=-1)
    return whole[..., :-1], whole[..., -1]


def rebuilt_output(call: AttentionWeights) -> Any:
    """Return the weights times the values, [batch, heads, queries, size], in single precision."""
    import mlx.core as mx

    return call.weights @ repeated(call.values.astype(mx.float32), call.weights.shape[1])


def repeated(heads: Any, n_heads: int) -> Any:
    """Return keys or values with one entry per head: grouped-query attention shares them."""
    import mlx.core as mx

    n_repeats = n_heads // heads.shape[1]
    return heads if n_repeats == 1 else mx.repeat(heads, n_repeats, axis=1)


def _masked(scores: Any, mask: Any) -> Any:
    import mlx.core as mx

    if mask is None:
        return scores
    if isinstance(mask, str):
        n_queries, n_keys = scores.shape[-2:]
        mask = mx.arange(n_keys)[None] <= mx.arange(n_keys - n_queries, n_keys)[:, None]
    if mask.dtype == mx.bool_:
        return mx.where(mask, scores, -mx.inf)
    return scores + mask.astype(mx.float32)
