"""What was found out about a model, kept as long as the model exists and its modules are the same ones."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class PerModel(Generic[T]):
    """One value per model. A model whose modules were exchanged (adapters, quantization) counts as another."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[weakref.ref[Any], tuple[Any, ...], T]] = {}

    def known(self, model: Any) -> T | None:
        """Return the kept value; None if there is none."""
        kept = self._values.get(id(model))
        if kept is None or kept[0]() is not model or kept[1] != _state(model):
            return None
        return kept[2]

    def get(self, model: Any, find: Callable[[], T]) -> T:
        """Return the kept value, or what `find` returns, which is kept."""
        value = self.known(model)
        if value is None:
            value, key = find(), id(model)
            self._values[key] = weakref.ref(model, lambda _: self._values.pop(key, None)), _state(model), value
        return value


def _state(model: Any) -> tuple[Any, ...]:
    return tuple((id(module), str(_dtype(module))) for _, module in model.named_modules())


def _dtype(module: Any) -> Any:
    return getattr(module.get("weight"), "dtype", None)
