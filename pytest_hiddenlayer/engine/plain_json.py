"""Plain JSON values that any record can hold: bounded, without lone surrogates, and without foreign types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 10_000
"""Characters of one text of an explanation, of details or of metadata."""
MAX_TOTAL = 100_000
"""Characters of one such value with everything inside."""
MAX_DEPTH = 32
"""Levels of nesting."""
CUT = "cut"
"""Key of a mapping that was cut; the value says how much is missing."""


def escape_surrogates(value: Any) -> Any:
    """Return `value` with lone surrogates as escapes; UTF-8 cannot encode them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {escape_surrogates(key): escape_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [escape_surrogates(item) for item in value]
    return value


def bounded_text(text: str, limit: int = MAX_TEXT) -> str:
    """Return at most `limit` characters of a text, and a note of how many more there were."""
    if len(text) > limit:
        text = f"{text[:limit]}… [{len(text) - limit:,} more characters were cut]"
    return str(escape_surrogates(text))


def bounded_json(value: Any) -> Any:
    """Return `value` as plain JSON of about MAX_TOTAL characters at most, with a note where something was cut.

    Numbers that JSON lacks, and values of other types, become their text.
    """
    return _Bound().plain(value, 0)


class _Bound:
    """Converts one value; `left` is the number of characters that it may still take."""

    def __init__(self) -> None:
        self.left = MAX_TOTAL

    def plain(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            self.left -= 4
            return value
        if isinstance(value, (int, float)) and math.isfinite(value):
            return self._number(value)
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return self._mapping(value, depth)
        if depth < MAX_DEPTH and isinstance(value, (list, tuple)):
            return self._list(value, depth)
        return self._text(value if isinstance(value, str) else _shown(value))

    def _text(self, text: str) -> str:
        cut = bounded_text(text, max(0, min(MAX_TEXT, self.left)))
        self.left -= len(cut) + 2
        return cut

    def _number(self, value: int | float) -> Any:
        if isinstance(value, int) and value.bit_length() > 256:
            return self._text(hex(value))
        self.left -= 8
        return int(value) if isinstance(value, int) else float(value)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for number, (key, item) in enumerate(value.items()):
            if self.left <= 0:
                plain[CUT] = f"{len(value) - number:,} more entries"
                return plain
            name = self._text(key if isinstance(key, str) else _shown(key))  # before its value takes what is left
            plain[name] = self.plain(item, depth + 1)
        return plain

    def _list(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        plain: list[Any] = []
        for number, item in enumerate(value):
            if self.left <= 0:
                return [*plain, f"{CUT}: {len(value) - number:,} more entries"]
            plain.append(self.plain(item, depth + 1))
        return plain


def _shown(value: Any) -> str:
    """Return the text of a value of another type, whose `__str__` may raise anything."""
    try:
        return str(value)
    except Exception as error:  # the value is a user's
        return f"<{type(value).__name__}, whose text cannot be had: {type(error).__name__}>"
