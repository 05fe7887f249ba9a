"""JSON to plain values: numbers keep their text, equal keys and broken characters are refused."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from .document import MAX_DEPTH, Document, Field
from .paths import Source
from .scalar import Scalar, lone_surrogate, shorten

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str, source: Source, *, with_lines: bool = True) -> Document:
    """The value of a JSON text, with the line of each part where asked for.

    Raises TaskError with the line of the fault.
    """
    try:
        data = load_json(text)
    except json.JSONDecodeError as error:
        raise source.error(f"this is not JSON: {error.msg} (column {error.colno})", line=error.lineno) from error
    except DuplicateKeyError as error:
        raise source.error(str(error), line=_line_of_duplicate(text, error.key)) from error
    except ValueError as error:
        raise source.error(str(error), line=_line_of_unfit(text)) from error
    lines = _lines(text) if with_lines else {}
    deep = next((place for place in lines if len(place) > MAX_DEPTH), None)
    if deep is not None:
        raise source.error(f"is nested more than {MAX_DEPTH} deep", line=lines[deep])
    return Document(data, lines)


class DuplicateKeyError(ValueError):
    """An object has the same key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key {shorten(key)!r} is there twice in one object; keep one")
        self.key = key


def load_json(text: str) -> Any:
    """The value, with `Scalar` for numbers.

    Raises ValueError, with the sentence to show: JSONDecodeError, DuplicateKeyError, or for
    NaN, a lone surrogate or too deep nesting.
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
        raise ValueError("is nested too deep to be read") from None
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DuplicateKeyError(key)
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number; write null or a text")


def _refuse_surrogates(data: Any) -> None:
    bad = lone_surrogate(json.dumps(data, ensure_ascii=False, default=str))
    if bad is not None:
        raise ValueError(f"{bad} is a lone surrogate, half a character; remove it or write its pair")


def _lines(text: str) -> dict[Field, int]:
    """The line of each value of valid JSON text; of a member, the line of its key."""
    return {place: line for place, line, _ in _places(text)}


def _line_of_duplicate(text: str, key: str) -> int | None:
    seen: set[Field] = set()
    for place, line, is_key in _places(text):
        if is_key and place[-1] == key and place in seen:
            return line
        seen.add(place)
    return None


def _line_of_unfit(text: str) -> int | None:
    """The line of the first NaN, infinity or lone surrogate."""
    for match in _TOKEN.finditer(text):
        unfit = match[0] in {"NaN", "Infinity", "-Infinity"}
        if unfit or (_SURROGATE.search(match[0]) and lone_surrogate(json.loads(match[0], strict=False))):
            return text.count("\n", 0, match.start()) + 1
    return None


def _places(text: str) -> list[tuple[Field, int, bool]]:
    """Each value's place and line in order of the text, and whether it is a member of an object."""
    found: list[tuple[Field, int, bool]] = []
    path: list[str | int] = []  # one part for each open container; its current key or index
    line, at, key_next = 1, 0, False
    for match in _TOKEN.finditer(text):
        line, at, token = line + text.count("\n", at, match.start()), match.start(), match[0]
        if token in "}]":
            path.pop()
            key_next = False
        elif token == ",":
            last = path[-1]
            key_next = isinstance(last, str)
            if isinstance(last, int):
                path[-1] = last + 1
        elif token == ":":
            key_next = False
        elif key_next:
            path[-1] = json.loads(token, strict=False)
            found.append((tuple(path), line, True))
        else:
            if not path or isinstance(path[-1], int):
                found.append((tuple(path), line, False))
            if token in "{[":
                if len(path) >= MAX_DEPTH:  # one place is enough to refuse the file
                    return [((*path, 0), line, False)]
                path.append("" if token == "{" else 0)
                key_next = token == "{"
    return found
