"""Plain JSON values that any record can hold: bounded, without lone surrogates, and without foreign types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..extensions.values import plain_number, shown, text_of

MAX_TEXT = 10_000
"""Characters of one text of an explanation, of details or of metadata."""
MAX_TOTAL = 100_000
"""Characters of one such value with everything inside."""
MAX_DEPTH = 32
"""Levels of nesting."""
MAX_VALUES = 200_000
"""Values of a strategy's metadata."""
MAX_NESTED = 500
"""Levels of a strategy's metadata; what is below MAX_DEPTH is cut."""
CUT = "cut"
"""Key of a mapping that was cut; the value says how much is missing."""


def escape_surrogates(value: Any) -> Any:
    """Return `value` with lone surrogates as escapes; UTF-8 cannot encode them."""
    if isinstance(value, str):
        text = text_of(value)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {escape_surrogates(key): escape_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [escape_surrogates(item) for item in value]
    return value


def bounded_text(text: str, limit: int = MAX_TEXT) -> str:
    """Return at most `limit` characters of a text, and a note of how many more there were."""
    text = text_of(text)
    if len(text) > limit:
        text = f"{text[:limit]}… [{len(text) - limit:,} more characters were cut]"
    return str(escape_surrogates(text))


def bounded_json(value: Any) -> Any:
    """Return `value` as plain JSON of about MAX_TOTAL characters at most, with a note where something was cut.

    Numbers that JSON lacks, and values of other types, become their text.
    """
    return _Bound().plain(value, 0)


def bounded_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping as `bounded_json` does; one whose items cannot be had has one entry that says so."""
    plain = bounded_json(value)
    return plain if isinstance(plain, dict) else {CUT: plain}


class _Bound:
    """Converts one value; `left` is the number of characters that it may still take."""

    def __init__(self) -> None:
        self.left = MAX_TOTAL

    def plain(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            self.left -= 4
            return value
        if (number := plain_number(value)) is not None:
            return self._number(number)
        if not isinstance(value, (Mapping, list, tuple)):
            return self._text(text_of(value))
        if depth >= MAX_DEPTH:  # its text may be endless
            return self._text(f"{CUT}: a {type(value).__name__} below {MAX_DEPTH} levels")
        try:
            return self._mapping(value, depth) if isinstance(value, Mapping) else self._list(value, depth)
        except BaseException as error:  # the value is a user's
            return self._text(f"<{type(value).__name__}, whose values cannot be had: {type(error).__name__}>")

    def _text(self, text: str) -> str:
        cut = bounded_text(text, max(0, min(MAX_TEXT, self.left)))
        self.left -= len(cut) + 2
        return cut

    def _number(self, value: int | float) -> Any:
        if isinstance(value, int) and value.bit_length() > 256:
            return self._text(hex(value))
        if not math.isfinite(value):
            return self._text(str(value))
        self.left -= 8
        return value

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        items = dict.items(value) if isinstance(value, dict) else value.items()
        for number, (key, item) in enumerate(items):
            if self.left <= 0:
                plain[CUT] = f"{max(1, len(value) - number):,} more entries"
                return plain
            name = self._text(text_of(key))  # before its value takes what is left
            plain[name] = self.plain(item, depth + 1)
        return plain

    def _list(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        plain: list[Any] = []
        for number, item in enumerate(list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)):
            if self.left <= 0:
                return [*plain, f"{CUT}: {max(1, len(value) - number):,} more entries"]
            plain.append(self.plain(item, depth + 1))
        return plain


def check_json(value: Any) -> None:
    """Raise TypeError or ValueError, with the place, if `value` has what JSON does not have, or too much."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        place, part, depth = waiting.pop()
        if depth > MAX_NESTED:
            raise ValueError(f"is nested in more than {MAX_NESTED} levels, or contains itself")
        if isinstance(part, Mapping):
            items = islice(
                dict.items(part) if isinstance(part, dict) else part.items(), MAX_VALUES
            )  # or it is endless
            waiting += [(f"{place}[{shown(key, 40)}]", _checked_key(key, item), depth + 1) for key, item in items]
        elif isinstance(part, (list, tuple)):
            waiting += [(f"{place}[{number}]", item, depth + 1) for number, item in enumerate(part)]
        elif part is not None and not isinstance(part, (bool, int, float, str)):
            raise TypeError(f"{place} is of type {type(part).__name__}, which JSON does not have")
        elif isinstance(part, float) and not math.isfinite(float.__float__(part)):
            raise ValueError(f"{place} is {float.__float__(part)}, which JSON does not have")
    raise ValueError(f"has more than {MAX_VALUES:,} values")


def _checked_key(key: Any, item: Any) -> Any:
    if key is not None and not isinstance(key, (bool, int, float, str)):
        raise TypeError(f"the key {shown(key, 40)} is of type {type(key).__name__}, which JSON does not have")
    return item
