"""Attention weights of a model that computes attention itself, with a cap on the scores (gemma2).

Source: Gemma Team 2024, "Gemma 2", section 2: scores ← cap · tanh(scores / cap).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import ProbeError
from ..interception import Args, Kwargs
from .weights import AttentionWeights, attention_weights

_PARTS = ("q_proj", "k_proj", "v_proj", "rope", "n_heads", "n_kv_heads", "scale", "attn_logit_softcapping")


def has_own_softcap(attention: Any | None) -> bool:
    """Return whether an attention module computes capped scores from the parts that this module knows."""
    return attention is not None and all(hasattr(attention, name) for name in _PARTS)


def own_softcap_heads(attention: Any | None) -> int | None:
    """Return the number of heads of such a module; None for any other."""
    return int(attention.n_heads) if attention is not None and has_own_softcap(attention) else None


class SoftcapListener:
    """Computes the weights of each call of one attention module from the module's own parts."""

    def __init__(self, attention: Any, listener: Callable[[AttentionWeights], None]) -> None:
        self._attention, self._listener = attention, listener
        self._call: tuple[Any, Any, Any] | None = None  # input, mask, cache

    def before(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """Keep the arguments."""
        import mlx.core as mx

        given = {**dict(zip(("x", "mask", "cache"), args, strict=False)), **kwargs}
        self._call = mx.stop_gradient(given["x"]), given.get("mask"), given.get("cache")
        return args, kwargs

    def after(self, result: Any) -> Any:
        """Hand the weights to the listener. The cache holds the keys of this call by now."""
        assert self._call is not None
        x, mask, cache = self._call
        queries = _split(self._attention.q_proj(x), self._attention.n_heads)
        if cache is None:
            keys = self._attention.rope(_split(self._attention.k_proj(x), self._attention.n_kv_heads))
            values = _split(self._attention.v_proj(x), self._attention.n_kv_heads)
            queries = self._attention.rope(queries)
        else:
            keys, values = _of_cache(cache)
            queries = self._attention.rope(queries, offset=cache.offset - x.shape[1])
        weights, _ = attention_weights(
            queries,
            keys,
            scale=self._attention.scale,
            mask=_four_axes(mask, self._attention.n_heads),
            soft_cap=self._attention.attn_logit_softcapping,
        )
        self._listener(AttentionWeights(weights=weights, sinks=None, values=values, output=None, key_positions=None))
        return result


def _of_cache(cache: Any) -> tuple[Any, Any]:
    """Keys and values after the update. Raises ProbeError for a cache that does not keep them in order."""
    if type(cache).__name__ != "KVCache":
        raise ProbeError(
            f"attention_weights with a {type(cache).__name__}: this model computes attention itself, and its weights "
            "can be read with a KVCache or without a cache only"
        )
    return cache.keys[..., : cache.offset, :], cache.values[..., : cache.offset, :]


def _split(array: Any, n_heads: int) -> Any:
    batch, tokens, _ = array.shape
    return array.reshape(batch, tokens, n_heads, -1).transpose(0, 2, 1, 3)


def _four_axes(mask: Any, n_heads: int) -> Any:
    """A mask [batch, key-value heads, 1, queries, keys] of the grouped computation as one of four axes."""
    return mask if mask is None or isinstance(mask, str) or mask.ndim < 5 else mask[:, :, 0]
