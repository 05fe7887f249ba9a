"""Values that a user's code returned: their text and their number, whatever their methods do.

Imports no other module of the package.
"""

from __future__ import annotations

from typing import Any

MAX_SHOWN = 200
"""Characters of a value in a message."""
MAX_VALUES = 100_000
"""Values of a list or mapping that is written as a text; those that are shared count each time."""


def text_of(value: object) -> str:
    """Return `str(value)` as a plain text. A value whose `__str__` raises anything becomes a note that says so."""
    if is_large(value):
        return f"<{type(value).__name__} of more than {MAX_VALUES:,} values>"
    try:
        text = value if isinstance(value, str) else str(value)
        return str.__str__(text)  # of a subclass of `str`, the characters
    except BaseException as error:  # the value is a user's: it may raise SystemExit
        return f"<{type(value).__name__}, whose text cannot be had: {type(error).__name__}>"


def shown(value: object, limit: int = MAX_SHOWN) -> str:
    """Return `repr(value)` for a message, at most about `limit` characters long."""
    if is_large(value):
        return f"<{type(value).__name__} of more than {MAX_VALUES:,} values>"
    try:
        text = str.__str__(repr(value))
    except BaseException as error:  # the value is a user's
        return f"<{type(value).__name__}, whose text cannot be had: {type(error).__name__}>"
    return text if len(text) <= limit else f"{text[:limit]}…"


def plain_number(value: object) -> int | float | None:
    """Return an int or a float, or one of a subclass, as a plain number; None for any other value."""
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else None


def is_large(value: object) -> bool:
    """Return whether a list, tuple, set or dict has more than MAX_VALUES values, with all inside; a cycle has."""
    waiting: list[Any] = [value]
    for _ in range(MAX_VALUES):
        if not waiting:
            return False
        part = waiting.pop()
        kind: Any
        for kind in (list, tuple, set, frozenset):
            if isinstance(part, kind):
                waiting.extend(kind.__iter__(part))
        if isinstance(part, dict):
            waiting.extend(dict.keys(part))
            waiting.extend(dict.values(part))
    return True
