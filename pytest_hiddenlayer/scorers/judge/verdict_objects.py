"""Finds the JSON objects with a key `verdict` in a judge's reply, wherever they are.

Judges put the object into a Markdown fence, between sentences, into another object, or write it in
nearly JSON: with single quotes, a comma too many, or quotation marks inside a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

KEY = "verdict"
MAX_OBJECTS = 500
"""Opening braces that are tried."""
MAX_LOOSE = 20_000
"""Characters of an object that is not JSON."""
_QUOTES = "\"'“”‘’`"
_LOOSE = re.compile(
    rf"(?<!\w)[{_QUOTES}]?verdict[{_QUOTES}]?\s*[:=]\s*(?P<quote>[{_QUOTES}]?)(?P<value>[^\n,{{}}{_QUOTES}]{{1,40}}?)"
    rf"[{_QUOTES}]?\s*(?=[,}}])",
    re.IGNORECASE,
)
_VALUE = re.compile(rf"[{_QUOTES}]?verdict[{_QUOTES}]?\s*[:=]\s*[{_QUOTES}]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class VerdictObject:
    """One object of a reply."""

    values: tuple[str | bool, ...]  # of its keys `verdict`: more than one if it repeats the key or is nested
    start: int  # index of its opening brace
    end: int
    value_start: int | None  # index of the value in the reply; None if it has several


def verdict_objects(reply: str) -> list[VerdictObject]:
    """The objects of a reply that have a verdict, in order; an object inside another belongs to it."""
    found: list[VerdictObject] = []
    position, tried = reply.find("{"), 0
    while position >= 0 and tried < MAX_OBJECTS:
        tried += 1
        decoded = _decode(reply, position) or _decode_loosely(reply, position)
        if decoded is not None and decoded.values:
            found.append(decoded)
        position = reply.find("{", position + 1 if decoded is None else decoded.end)
    return found


def _decode(reply: str, start: int) -> VerdictObject | None:
    """The JSON object that begins here; None if it is not JSON."""
    try:
        value, end = _DECODER.raw_decode(reply, start)
    except (ValueError, RecursionError):
        return None
    return _object(reply, tuple(_verdicts(value)), start, end)


def _decode_loosely(reply: str, start: int) -> VerdictObject | None:
    """The object that begins here and is nearly JSON; None if it is not closed or has no verdict of its own."""
    match = _LOOSE.search(reply, start, start + MAX_LOOSE)
    if match is None or "{" in reply[start + 1 : match.start()] or "}" in reply[start : match.start()]:
        return None
    end = reply.find("}", match.end())
    if end < 0:
        return None
    values = [loose["value"].strip() for loose in _LOOSE.finditer(reply, start, end + 1)]
    return _object(reply, tuple(values), start, end + 1)


def _object(reply: str, values: tuple[str | bool, ...], start: int, end: int) -> VerdictObject:
    keys = list(_VALUE.finditer(reply, start, end))
    return VerdictObject(values, start, end, keys[0].end() if len(keys) == 1 else None)


def _verdicts(value: Any) -> Iterator[str | bool]:
    """The texts, numbers and truth values under every key `verdict`; null and lists are none."""
    if isinstance(value, _Pairs):
        for key, item in value.pairs:
            if key.strip().casefold() == KEY and isinstance(item, str | int | float):
                yield item if isinstance(item, bool) else str(item)
            else:
                yield from _verdicts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _verdicts(item)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """An object with all its keys: a dict would drop the first of two equal ones."""

    pairs: list[tuple[str, Any]]


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False)
