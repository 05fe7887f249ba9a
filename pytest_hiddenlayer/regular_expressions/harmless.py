"""Which regular expressions are simple enough to be compiled and searched with in this process.

For these, the library `regex` takes little time to compile, little memory, and honours its deadline.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

MAX_LENGTH = 1000
MAX_IGNORING_CASE = 64
"""Characters of an expression that ignores case; `regex` looks for such texts without a deadline."""
MAX_REPEAT = 1000
_SIMPLE = frozenset(["LITERAL", "NOT_LITERAL", "ANY", "IN", "AT"])
_REPEATS = frozenset(["MAX_REPEAT", "MIN_REPEAT"])


@lru_cache(maxsize=512)
def is_harmless(pattern: str, flags: int = 0) -> bool:
    """Return whether an expression that `re` accepts has no repetition inside another, and no large one."""
    if len(pattern) > MAX_LENGTH:
        return False
    try:
        parsed: Any = import_module("re._parser").parse(pattern, flags)
        if parsed.state.flags & re.IGNORECASE and len(pattern) > MAX_IGNORING_CASE:
            return False
        return _is_simple(parsed, repeated=False)
    except (ImportError, AttributeError, TypeError, ValueError, RecursionError):  # another version of Python's parser
        return False


def _is_simple(parts: Any, *, repeated: bool) -> bool:
    return all(_is_simple_part(str(name), value, repeated) for name, value in parts)


def _is_simple_part(name: str, value: Any, repeated: bool) -> bool:
    if name in _REPEATS:
        least, most, inner = value
        limit = least if str(most) == "MAXREPEAT" else most
        return not repeated and limit <= MAX_REPEAT and _is_simple(inner, repeated=True)
    if name == "SUBPATTERN":
        return _is_simple(value[-1], repeated=repeated)
    if name == "BRANCH":
        return all(_is_simple(branch, repeated=repeated) for branch in value[1])
    return name in _SIMPLE
