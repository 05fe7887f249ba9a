"""How large the result of an operation will be, before it is computed.

Every operation of a template whose result can be much larger than its operands is listed here;
the results of all others are measured when they exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .budget import MAX_DIGITS_BITS, LimitError

MAX_NUMBER = 1_000_000  # as an argument that a size depends on
_PERCENT_WIDTHS = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\d+|\*)?(?:\.(\d+|\*))?")
_BRACE_FIELD = re.compile(r"\{[^{}:]*:([^{}]*)([{}])")


def operation_size(operator: str, left: Any, right: Any) -> int:
    """Return the size of `left operator right`. Raises LimitError for a number of too many digits."""
    if operator == "%" and isinstance(left, str | bytes):
        return _format_size(left if isinstance(left, str) else left.decode("latin-1"))
    if operator == "**" and isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))
    if operator == "*":
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(left.bit_length() + right.bit_length())
        elif isinstance(left, int):
            return max(0, left) * _length(right)
        elif isinstance(right, int):
            return max(0, right) * _length(left)
    return 0


def method_size(owner: Any, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    """Return the size of what a method of a text or number will return; 0 if its result is small."""
    if isinstance(owner, int) and name == "to_bytes":
        return _number(arguments, 0, keywords.get("length", 1))
    if not isinstance(owner, str | bytes | bytearray):
        return 0
    estimate = _METHODS.get(name)
    return 0 if estimate is None else estimate(owner, arguments, keywords)


def filter_size(name: str, value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    """Return the size of what a filter will return; 0 if its result is not much larger than the value."""
    estimate = _FILTERS.get(name)
    return 0 if estimate is None else estimate(value, arguments, keywords)


def _check_bits(bits: int) -> None:
    if bits > MAX_DIGITS_BITS:
        raise LimitError("the template computes a number of too many digits")


def _length(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(1 + _length(item) for item in value) if len(value) < MAX_NUMBER else len(value)
    return 1


def _number(arguments: Sequence[Any], index: int, otherwise: Any) -> int:
    value = arguments[index] if len(arguments) > index else otherwise
    return abs(value) if isinstance(value, int) else 0


def _text(arguments: Sequence[Any], index: int, otherwise: Any = "") -> str:
    return str(arguments[index] if len(arguments) > index else otherwise)


def _format_size(pattern: str) -> int:
    """Return at least the size of what `pattern % values` adds; a width that the values give is refused."""
    written = [width for match in _PERCENT_WIDTHS.finditer(pattern) for width in match.groups() if width]
    return sum(map(_width, written))


def _width(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 10 else MAX_NUMBER**2


def _padded(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    return _number(arguments, 0, 0)


def _tabs(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    tab = "\t" if isinstance(owner, str) else b"\t"
    return int(owner.count(tab)) * _number(arguments, 0, keywords.get("tabsize", 8))


def _joined(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    parts = arguments[0] if arguments else ()
    return len(owner) * (len(parts) if hasattr(parts, "__len__") else MAX_NUMBER // 10)


def _replaced(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    old, new = _text(arguments, 0, keywords.get("old", "")), _text(arguments, 1, keywords.get("new", ""))
    count = str(owner).count(old)
    return count * len(new) if len(new) > len(old) else 0


def _translated(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    table = arguments[0] if arguments else {}
    longest = max((_length(item) for item in table.values()), default=1) if isinstance(table, Mapping) else 1
    return len(owner) * longest


def _formatted(owner: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    fields = _BRACE_FIELD.findall(str(owner))
    if any(end == "{" for _, end in fields):  # a width that the values give
        return MAX_NUMBER**2
    return sum(_width(width) for spec, _ in fields for width in re.findall(r"\d+", spec))


_METHODS: dict[str, Callable[[Any, Sequence[Any], Mapping[str, Any]], int]] = {
    "center": _padded,
    "ljust": _padded,
    "rjust": _padded,
    "zfill": _padded,
    "expandtabs": _tabs,
    "join": _joined,
    "replace": _replaced,
    "translate": _translated,
    "format": _formatted,
    "format_map": _formatted,
}


def _indented(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    width = arguments[0] if arguments else keywords.get("width", 4)
    return (str(value).count("\n") + 1) * (len(width) if isinstance(width, str) else _number([width], 0, 0))


def _wrapped(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    """Return the size; the time is quadratic in the pieces of the longest word, and counts too."""
    width = max(1, _number(arguments, 0, keywords.get("width", 79)))
    separator = _text(arguments, 2, keywords.get("wrapstring", "\n") or "\n")
    longest = max(map(len, str(value).split()), default=0)
    return (len(str(value)) // width + 1) * len(separator) + longest * (longest // width) // 100


def _batched(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    return max(_number(arguments, 0, keywords.get("linecount", 0)), _number((), 0, keywords.get("slices", 0)))


def _joined_filter(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    separator = _text(arguments, 0, keywords.get("d", ""))
    return len(value) * len(separator) if hasattr(value, "__len__") else len(separator) * MAX_NUMBER // 10


def _replaced_filter(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    return _replaced(str(value), arguments, keywords)


def _format_filter(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    return _format_size(str(value))


def _rounded(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    _check_bits(4 * _number(arguments, 0, keywords.get("precision", 0)))
    return 0


def _json_indent(value: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    return _length(value) * 50 * _number(arguments, 0, keywords.get("indent") or 0)


_FILTERS: dict[str, Callable[[Any, Sequence[Any], Mapping[str, Any]], int]] = {
    "batch": _batched,
    "center": lambda value, arguments, keywords: _number(arguments, 0, keywords.get("width", 80)),
    "format": _format_filter,
    "indent": _indented,
    "join": _joined_filter,
    "replace": _replaced_filter,
    "round": _rounded,
    "slice": _batched,
    "tojson": _json_indent,
    "wordwrap": _wrapped,
}
