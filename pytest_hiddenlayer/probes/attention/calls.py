"""The calls of `scaled_dot_product_attention`, seen where a model's own code makes them.

Every model file of mlx-lm imports the function by name, so the name is replaced in the globals of the functions
that use it, and put back. Only the thread that listens is heard.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .weights import AttentionWeights, attention_weights

_NAME = "scaled_dot_product_attention"
_lock = threading.Lock()


@dataclass(slots=True, eq=False)
class _Binding:
    """One module's name of the function: what it was, and who listens."""

    original: Callable[..., Any]
    listeners: tuple[tuple[int, Callable[[AttentionCall], None]], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AttentionCall:
    """The arguments of one call and its result."""

    arguments: dict[str, Any]
    output: Any

    def weights(self) -> AttentionWeights:
        """Return the attention weights of this call."""
        import mlx.core as mx

        given, cache = self.arguments, self.arguments.get("cache")
        keys, values = (_dequantized(given[name], cache) for name in ("keys", "values"))
        weights, sinks = attention_weights(
            given["queries"], keys, scale=given["scale"], mask=given["mask"], sinks=given.get("sinks")
        )
        return AttentionWeights(
            weights=weights,
            sinks=sinks,
            values=mx.stop_gradient(values),
            output=self.output,
            key_positions=key_positions(cache, keys.shape[2]),
        )


_bindings: dict[int, tuple[dict[str, Any], _Binding]] = {}


@contextmanager
def attention_listener(model: Any, listener: Callable[[AttentionCall], None]) -> Iterator[None]:
    """Call `listener` after each attention call of the model's code on this thread, within a `with` block."""
    entry = (threading.get_ident(), listener)
    scopes = list(_scopes(model))
    for scope in scopes:
        _listen(scope, entry)
    try:
        yield
    finally:
        for scope in scopes:
            _leave(scope, entry)


def key_positions(cache: Any, n_keys: int) -> np.ndarray[Any, Any] | None:
    """Return the position of each key of a cache that drops keys, after an update; None if in order from 0."""
    if first := int(getattr(cache, "start_position", 0)):  # of a chunked cache
        return np.arange(first, first + n_keys)
    if cache is None or not hasattr(cache, "_idx") or not hasattr(cache, "max_size"):
        return None
    offset, keep, size = int(cache.offset), int(cache.keep), n_keys
    if offset <= size:
        return None
    if int(cache._idx) == size:  # a prompt: kept keys first, then the latest ones in order
        return np.concatenate([np.arange(keep), np.arange(offset - size + keep, offset)])
    newest = int(cache._idx) - 1  # one ring behind the kept keys
    ring = size - keep
    age = (newest - np.arange(keep, size)) % ring
    return np.concatenate([np.arange(keep), offset - 1 - age])


def _scopes(model: Any) -> Iterator[dict[str, Any]]:
    """The globals of the functions of the model's classes in which the name is bound."""
    seen: set[int] = set()
    for _, module in model.named_modules():
        for cls in type(module).__mro__:
            for function in vars(cls).values():
                scope = getattr(function, "__globals__", {})
                if _NAME in scope and id(scope) not in seen:
                    seen.add(id(scope))
                    yield scope


def _listen(scope: dict[str, Any], entry: tuple[int, Callable[[AttentionCall], None]]) -> None:
    with _lock:
        if id(scope) not in _bindings:
            binding = _Binding(scope[_NAME])
            _bindings[id(scope)] = scope, binding
            scope[_NAME] = _heard(binding)
        binding = _bindings[id(scope)][1]
        binding.listeners = (*binding.listeners, entry)


def _leave(scope: dict[str, Any], entry: tuple[int, Callable[[AttentionCall], None]]) -> None:
    with _lock:
        binding = _bindings[id(scope)][1]
        binding.listeners = tuple(other for other in binding.listeners if other is not entry)
        if not binding.listeners:
            scope[_NAME] = binding.original
            del _bindings[id(scope)]


def _heard(binding: _Binding) -> Callable[..., Any]:
    signature = inspect.signature(binding.original)

    def scaled_dot_product_attention(*args: Any, **kwargs: Any) -> Any:
        thread = threading.get_ident()
        listeners = [listener for owner, listener in binding.listeners if owner == thread]
        if not listeners:
            return binding.original(*args, **kwargs)
        arguments = {name: _kept(value) for name, value in signature.bind(*args, **kwargs).arguments.items()}
        output = binding.original(*args, **kwargs)
        for listener in listeners:
            listener(AttentionCall(arguments=arguments, output=_kept(output)))
        return output

    return scaled_dot_product_attention


def _kept(value: Any) -> Any:
    """An array that later in-place operations of the model do not change."""
    import mlx.core as mx

    return mx.stop_gradient(value) if isinstance(value, mx.array) else value


def _dequantized(array: Any, cache: Any) -> Any:
    import mlx.core as mx

    if isinstance(array, tuple):
        weights, scales, biases = array
        return mx.dequantize(weights, scales, biases, group_size=cache.group_size, bits=cache.bits)
    return array
