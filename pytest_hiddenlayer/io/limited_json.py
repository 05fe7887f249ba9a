"""JSON that a server sends, parsed within limits of memory and depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .json_text import decode_json

MAX_MEMORY = 64 << 20
"""Bytes of memory that the parsed values may take, as `MemoryEstimate` counts them."""
_SMALL = 256 << 10  # bytes of a text whose values fit in any case
_WIDE = 12  # times its size: three copies, in which one emoji makes every character take four bytes
_COSTS = ((b"{", 240), (b"[", 72), (b",", 64))


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that needs much memory or is nested deeply."""
    if len(text) > _SMALL:
        memory = MemoryEstimate()
        memory.add(text)
        if memory.is_too_much:
            raise ValueError("its values need too much memory")
    return decode_json(text)


@dataclass(slots=True)
class MemoryEstimate:
    """About how many bytes the values of a text take in memory: `[[],[],…` takes 24 times its text."""

    size_bytes: int = 0
    is_wide: bool = False  # a character outside ASCII makes every character take several bytes
    structure_bytes: int = 0

    def add(self, text: bytes) -> None:
        """Count the next part of the text."""
        self.size_bytes += len(text)
        self.is_wide = self.is_wide or not text.isascii()
        self.structure_bytes += sum(text.count(mark) * cost for mark, cost in _COSTS)

    @property
    def is_too_much(self) -> bool:
        """Whether the values take more than `MAX_MEMORY`; False for a text of up to 256 KiB."""
        return self.size_bytes > _SMALL and self.structure_bytes + self.is_wide * _WIDE * self.size_bytes > MAX_MEMORY
