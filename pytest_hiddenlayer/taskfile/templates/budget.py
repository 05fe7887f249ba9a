"""What one rendering of a template may use: characters and values, steps, and time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateError

MAX_SIZE = 50_000_000
"""Characters and values that one rendering may create, all together."""
MAX_STEPS = 100_000
"""Passes through loops and calls of macros in one rendering."""
MAX_TIME_S = 2.0
"""Processor time of one rendering."""
MAX_DIGITS_BITS = 50_000
"""Bits of a whole number."""

_CURRENT: ContextVar[Budget | None] = ContextVar("template_budget", default=None)


class LimitError(TemplateError):
    """A template needs too much memory or time."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits of one rendering."""

    size: int = MAX_SIZE
    steps: int = MAX_STEPS
    started_s: float = field(default_factory=time.thread_time)

    def create(self, size: int) -> None:
        """Count `size` new characters or values. Raises LimitError if that is too much."""
        self.size -= size
        if self.size < 0:
            raise LimitError(f"the template creates more than {MAX_SIZE:,} characters; shorten it")
        if time.thread_time() - self.started_s > MAX_TIME_S:
            raise LimitError(f"the template takes longer than {MAX_TIME_S:g} s; simplify it")

    def step(self) -> None:
        """Count one pass through a loop or one call of a macro."""
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(f"the template takes more than {MAX_STEPS:,} steps; simplify its loops")
        self.create(0)

    def measured(self, value: Any) -> Any:
        """Return `value` after counting its size: characters, and all that it contains."""
        self.create(self._size(value))
        return value

    def _size(self, value: Any) -> int:
        """Return the size of a value; values that are shared count each time, as when they are printed."""
        if isinstance(value, str | bytes):
            return len(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if value.bit_length() > MAX_DIGITS_BITS:
                raise LimitError("the template computes a number of too many digits")
            return 1
        return _deep_size(value, {}) if isinstance(value, _CONTAINERS) else 1


_CONTAINERS = (list, tuple, set, frozenset, Mapping)


def _deep_size(value: Any, sizes: dict[int, int]) -> int:
    """Return the size of a container with all that it contains; `sizes` holds those of parts that are shared."""
    if id(value) not in sizes:
        parts = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
        total = len(value) + 1
        for part in parts:
            if isinstance(part, str | bytes):
                total += len(part)
            elif isinstance(part, _CONTAINERS):
                total += _deep_size(part, sizes)
        sizes[id(value)] = total
    return sizes[id(value)]


def current() -> Budget:
    """Return the budget of the rendering; outside of one, a new one for a single operation."""
    return _CURRENT.get() or Budget()


@contextmanager
def limits() -> Iterator[Budget]:
    """Limit what is rendered inside the block."""
    token = _CURRENT.set(Budget())
    try:
        yield current()
    finally:
        _CURRENT.reset(token)
