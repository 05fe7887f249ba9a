"""Unquoted scalars: the text as written and the value that it represents.

A target keeps its text (`no`, `1.10`, `1e3`); a parameter needs the number. Both come from
one `Scalar`: the field decides, not the parser.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from ..errors import shorten

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# The core schema of YAML 1.2.2, section 10.3.2: `no`, `1_000`, `12:30` and dates are text.
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or boolean as written."""

    text: str

    @property
    def value(self) -> bool | int | float:
        """The number or boolean. Raises ValueError if JSON cannot represent the number."""
        if self.text in _BOOL:
            return _BOOL[self.text]
        if _INT.fullmatch(self.text):
            return _whole(self.text)
        number = float(self.text) if self.text[-1] not in "fFnN" else math.nan  # .inf and .nan
        if not math.isfinite(number):
            raise ValueError(f"{shorten(self.text)} is not a finite number")
        return number


def _whole(text: str) -> int:
    base = {"0x": 16, "0o": 8}.get(text[:2], 10)
    try:
        return int(text, base)
    except ValueError:  # Python refuses to parse more than 4300 digits
        raise ValueError(f"a number of {len(text)} digits is too long") from None


def resolve(text: str) -> str | Scalar | None:
    """Return the value of an unquoted YAML scalar: None, a `Scalar` or text."""
    if text in _NULL:
        return None
    return Scalar(text) if text in _BOOL or _INT.fullmatch(text) or _FLOAT.fullmatch(text) else text


def as_written(value: object) -> str | None:
    """Return the text of a scalar as written, or None if `value` is not a scalar."""
    if isinstance(value, bool):  # from JSON; YAML booleans are `Scalar`
        return "true" if value else "false"
    if isinstance(value, Scalar):
        return value.text
    return value if isinstance(value, str) else None


def plain_value(value: Any) -> Any:
    """Return `value` with every `Scalar` in it replaced by its number or boolean.

    Raises ValueError if a number is not finite or is too long.
    """
    if isinstance(value, Scalar):
        return value.value
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    return [plain_value(item) for item in value] if isinstance(value, list) else value


def lone_surrogate(text: str) -> str | None:
    """Return the first lone surrogate in `text` as an escape (`\\ud800`), or None."""
    match = None if text.isascii() else _SURROGATE.search(text)
    return f"\\u{ord(match[0]):04x}" if match else None


def describe(value: object) -> str:
    """Return a value's description for a message: `'text'`, `3`, `a list`, `a mapping`, `nothing`."""
    if isinstance(value, str):
        return repr(shorten(value))
    names = {dict: "a mapping", list: "a list", tuple: "a list", type(None): "nothing"}
    return names.get(type(value)) or shorten(as_written(value) or str(value))
