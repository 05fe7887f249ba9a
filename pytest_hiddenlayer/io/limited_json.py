"""JSON that a server sends, parsed within limits of memory and depth."""

from __future__ import annotations

from typing import Any

from .json_text import decode_json

MAX_MEMORY = 64 << 20
"""Bytes of memory that the parsed values may take, as `estimated_memory` counts them."""
_SMALL = 256 << 10  # bytes of a text whose values fit in any case
_WIDE = 12  # times its size: three copies, in which one emoji makes every character take four bytes
_COSTS = ((b"{", 240), (b"[", 72), (b",", 64))


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that needs much memory or is nested deeply."""
    if len(text) > _SMALL and estimated_memory(text) > MAX_MEMORY:
        raise ValueError("its values need too much memory")
    return decode_json(text)


def estimated_memory(text: bytes) -> int:
    """Return about how many bytes the values take in memory: `[[],[],…` takes 24 times its text."""
    wide = 0 if text.isascii() else _WIDE * len(text)
    return wide + sum(text.count(mark) * size for mark, size in _COSTS)
