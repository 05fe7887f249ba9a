"""Parses JSON: numbers keep their text; duplicate keys and lone surrogates are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ..errors import shorten
from .document import MAX_DEPTH, Document, FieldPath
from .paths import Source
from .scalar import Scalar, lone_surrogate

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str, source: Source, *, with_lines: bool = True) -> Document:
    """Return the value of a JSON text, with the line of each value if `with_lines`.

    Raises TaskError with the line of the fault.
    """
    try:
        data = load_json(text)
    except json.JSONDecodeError as error:
        raise source.error(f"this is not JSON: {error.msg} (column {error.colno})", line=error.lineno) from error
    except DuplicateKeyError as error:
        raise source.error(str(error), line=_line_of_duplicate(text, error.key)) from error
    except ValueError as error:
        raise source.error(str(error), line=_line_of_refused(text)) from error
    lines = _lines(text) if with_lines else {}
    too_deep = next((path for path in lines if len(path) > MAX_DEPTH), None)
    if too_deep is not None:
        raise source.error(f"is nested more than {MAX_DEPTH} levels deep", line=lines[too_deep])
    return Document(data, lines)


class DuplicateKeyError(ValueError):
    """An object has the same key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key {shorten(key)!r} appears twice in one object; keep one")
        self.key = key


def load_json(text: str) -> Any:
    """Return the value of a JSON text, with `Scalar` for numbers.

    Raises ValueError with the message to show: JSONDecodeError, DuplicateKeyError, or plain
    ValueError for NaN, a lone surrogate or too deep nesting.
    """
    try:
        data = json.loads(
            text,
            parse_int=Scalar,
            parse_float=Scalar,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
        if _SURROGATE.search(text):
            _refuse_surrogates(data)
    except RecursionError:
        raise ValueError("is nested too deeply to be read") from None
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise DuplicateKeyError(key)
        values[key] = value
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number; write null or a text")


def _refuse_surrogates(data: Any) -> None:
    surrogate = lone_surrogate(json.dumps(data, ensure_ascii=False, default=str))
    if surrogate is not None:
        raise ValueError(f"{surrogate} is a lone surrogate, half a character; remove it or write its pair")


def _lines(text: str) -> dict[FieldPath, int]:
    """Return the line of each value of a valid JSON text; for a member of an object, the line of its key."""
    return {path: line for path, line, _ in _locations(text)}


def _line_of_duplicate(text: str, key: str) -> int | None:
    seen: set[FieldPath] = set()
    for path, line, is_member in _locations(text):
        if is_member and path[-1] == key and path in seen:
            return line
        seen.add(path)
    return None


def _line_of_refused(text: str) -> int | None:
    """Return the line of the first NaN, infinity or lone surrogate."""
    for match in _TOKEN.finditer(text):
        constant = match[0] in {"NaN", "Infinity", "-Infinity"}
        if constant or (_SURROGATE.search(match[0]) and lone_surrogate(json.loads(match[0], strict=False))):
            return text.count("\n", 0, match.start()) + 1
    return None


def _locations(text: str) -> Iterator[tuple[FieldPath, int, bool]]:
    """Yield each value's path and line in text order, and whether it is a member of an object.

    The text must be valid JSON as far as the caller iterates; what follows is not read.
    """
    path: list[str | int] = []  # the current key or index of each open container
    line, offset, key_next = 1, 0, False
    for match in _TOKEN.finditer(text):
        line, offset, token = line + text.count("\n", offset, match.start()), match.start(), match[0]
        if token in "}]":
            path.pop()
            key_next = False
        elif token == ",":
            current = path[-1]
            key_next = isinstance(current, str)
            if isinstance(current, int):
                path[-1] = current + 1
        elif token == ":":
            key_next = False
        elif key_next:
            path[-1] = json.loads(token, strict=False)
            yield tuple(path), line, True
        else:
            if not path or isinstance(path[-1], int):
                yield tuple(path), line, False
            if token in "{[":
                if len(path) >= MAX_DEPTH:  # one location below the limit is enough to refuse the file
                    yield (*path, 0), line, False
                    return
                path.append("" if token == "{" else 0)
                key_next = token == "{"
