"""The process that compiles and searches with the expressions which could take much time or memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..limited_process.worker import serve
from . import compiled

_cached = lru_cache(maxsize=64)(compiled)


def answer(method: str, pattern: str, flags: int, text: str) -> list[list[tuple[int, int]]] | str:
    """Return the spans of each match and its groups, or the reason why the pattern cannot be compiled."""
    try:
        regex = _cached(pattern, flags)
    except (ValueError, OverflowError, RecursionError) as error:
        return str(error)
    if method == "compile":
        return []
    found: Any = getattr(regex, method)(text)
    matches = found if method == "finditer" else [] if found is None else [found]
    return [[match.span(group) for group in range(regex.groups + 1)] for match in matches]


if __name__ == "__main__":
    serve(answer)
