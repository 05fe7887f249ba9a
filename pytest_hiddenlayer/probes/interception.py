"""Calls of one module, seen and changed from outside.

A module of mlx has no hooks. Its `__class__` is replaced by a subclass of its own class, so every attribute
that the model reads from the module still exists, and the original class comes back at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Args = tuple[Any, ...]
Kwargs = dict[str, Any]
_HANDLERS = "_hiddenlayer_interceptors"
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Interceptor:
    """What happens at each call of a module on the thread that created this; other threads see nothing."""

    before: Callable[[Args, Kwargs], tuple[Args, Kwargs]] | None = None
    instead: Callable[[Args, Kwargs], Any] | None = None  # called in place of the module and of all interceptors
    after: Callable[[Any], Any] | None = None
    thread: int = field(default_factory=threading.get_ident)


@contextmanager
def intercepted(pairs: list[tuple[Any, Interceptor]]) -> Iterator[None]:
    """Intercept the calls of modules within a `with` block. Blocks may be nested and end in any order.

    Of several interceptors of one module, the one that was added first acts first.
    """
    added: list[tuple[Any, Interceptor]] = []
    try:
        for module, interceptor in pairs:
            _add(module, interceptor)
            added.append((module, interceptor))
        yield
    finally:
        for module, interceptor in reversed(added):
            _remove(module, interceptor)


def is_intercepted(module: Any) -> bool:
    """Return whether the class of a module is currently replaced."""
    return _HANDLERS in type(module).__dict__


def _add(module: Any, interceptor: Interceptor) -> None:
    with _lock:
        if not is_intercepted(module):
            module.__class__ = _intercepting(type(module))
        cls = type(module)
        setattr(cls, _HANDLERS, (*cls.__dict__[_HANDLERS], interceptor))


def _remove(module: Any, interceptor: Interceptor) -> None:
    with _lock:
        cls = type(module)
        remaining = tuple(other for other in cls.__dict__[_HANDLERS] if other is not interceptor)
        setattr(cls, _HANDLERS, remaining)
        if not remaining:
            module.__class__ = cls.__bases__[0]


def _intercepting(cls: type) -> type:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        thread = threading.get_ident()
        active = [one for one in type(self).__dict__.get(_HANDLERS, ()) if one.thread == thread]
        for one in active:
            if one.instead is not None:
                return one.instead(args, kwargs)
        for one in active:
            if one.before is not None:
                args, kwargs = one.before(args, kwargs)
        result = cls.__call__(self, *args, **kwargs)
        for one in active:
            if one.after is not None:
                result = one.after(result)
        return result

    body = {"__call__": call, _HANDLERS: (), "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return type(cls.__name__, (cls,), body)
