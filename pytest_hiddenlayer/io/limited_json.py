"""JSON that a server sends, parsed within limits of memory and depth."""

from __future__ import annotations

import json
from typing import Any

MAX_MEMORY = 64 << 20
"""Bytes of memory that the parsed values may take, as `estimated_memory` counts them."""
_SMALL = 256 << 10  # bytes of a text whose values fit in any case
_COSTS = ((b"{", 240), (b"[", 72), (b",", 64))


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that needs much memory or is nested deeply."""
    if len(text) > _SMALL and estimated_memory(text) > MAX_MEMORY:
        raise ValueError("it has too many values")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def estimated_memory(text: bytes) -> int:
    """Return about how many bytes the values take in memory: `[[],[],…` takes 24 times its text."""
    return sum(text.count(mark) * size for mark, size in _COSTS)
