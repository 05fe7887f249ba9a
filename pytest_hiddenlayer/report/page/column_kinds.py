"""The kinds of columns of the samples table. They hold 100 000 rows in a few megabytes each."""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring  # written in C; as `_encode` for texts
from typing import Any

MAX_TEXT = 200
MAX_NUMBER = sys.float_info.max  # a whole number in JSON may be larger
MANY_VALUES = 1000  # distinct values up to which a column is one of categories

_encode = json.JSONEncoder(ensure_ascii=False).encode


class CategoryColumn:
    """Values with few distinct texts, stored as positions in the list of distinct values.

    With `typed`, a column whose values are all numbers is a column of numbers, and one with many
    distinct texts is a column of texts.
    """

    def __init__(self, *, typed: bool = False) -> None:
        self._typed = typed
        self._positions: dict[str, int] = {}
        self._numeric = True
        self._codes = array("i")

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def distinct(self) -> Sequence[str]:
        """The distinct values, in the order in which they first appear."""
        return list(self._positions)

    def add(self, value: Any) -> None:
        """Append a value; None: the record has none."""
        if value is None:
            self._codes.append(-1)
            return
        if type(value) is str and (code := self._positions.get(value)) is not None:
            self._numeric = False
            self._codes.append(code)
            return
        text = value if isinstance(value, str) else _encode(value)
        if self._numeric and not (_is_number(value) and len(text) < MAX_TEXT):
            self._numeric = False
        self._codes.append(self._positions.setdefault(shortened(text), len(self._positions)))

    def mark(self, row: int, value: str) -> None:
        """Replace the value of a row."""
        self._codes[row] = self._positions.setdefault(value, len(self._positions))

    def fill(self, n: int) -> None:
        """Append unknown values up to n rows."""
        if len(self._codes) < n:
            self._codes.extend([-1] * (n - len(self._codes)))

    @property
    def position(self) -> int:
        """Where the next row's new value would be put, for `rows`."""
        return len(self._positions)

    def rows(self, start: int, end: int, position: int) -> dict[str, Any]:
        """The fields of the column's JSON object with rows `start` to `end` only.

        `position` was the column's when it had `start` rows: values from there on are among the fields.
        """
        values, codes = list(self._positions), self._codes[start:end].tolist()
        if self._typed and values and self._numeric:
            return {"kind": "number", "numbers": [json.loads(values[code]) if code >= 0 else None for code in codes]}
        if self._typed and len(values) > max(MANY_VALUES, len(self._codes) // 2):
            return {"kind": "text", "texts": [values[code] if code >= 0 else None for code in codes]}
        new = values[position : max(position, max(codes, default=-1) + 1)]
        return {"kind": "category", "values": new, "values_from": position, "codes": codes}

    def parts(self) -> Iterator[bytes]:
        """The fields of the column's JSON object, without braces."""
        values = list(self._positions)
        if self._typed and values and self._numeric:
            numbers = [*values, "null"]  # the code -1 of an unknown value is the last one
            yield b'"kind":"number","numbers":[%s]' % ",".join([numbers[code] for code in self._codes]).encode()
        elif self._typed and len(values) > max(MANY_VALUES, len(self._codes) // 2):
            texts = [*map(_encode, values), "null"]
            yield b'"kind":"text","texts":[%s]' % _utf8(",".join([texts[code] for code in self._codes]))
        else:
            codes = ",".join(map(str, self._codes))
            yield b'"kind":"category","values":%s,"codes":[%s]' % (_utf8(_encode(values)), codes.encode())


class NumberColumn:
    """Numbers; None is unknown."""

    def __init__(self) -> None:
        self._numbers = array("d")

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def distinct(self) -> set[float]:
        """The distinct values; unknown ones are left out."""
        return {number for number in self._numbers if not math.isnan(number)}

    def add(self, value: Any) -> None:
        """Append a number; one that is not whole is rounded to 6 significant digits."""
        self._numbers.append(float(f"{value:.6g}") if type(value) is float else math.nan if value is None else value)

    def fill(self, n: int) -> None:
        """Append unknown values up to n rows."""
        if len(self._numbers) < n:
            self._numbers.extend([math.nan] * (n - len(self._numbers)))

    @property
    def position(self) -> int:
        """As of the other kinds; numbers have none."""
        return 0

    def rows(self, start: int, end: int, position: int) -> dict[str, Any]:
        """The fields of the column's JSON object with rows `start` to `end` only."""
        return {"kind": "number", "numbers": [json.loads(_number(value)) for value in self._numbers[start:end]]}

    def parts(self) -> Iterator[bytes]:
        """The fields of the column's JSON object, without braces."""
        yield b'"kind":"number","numbers":[%s]' % ",".join(map(_number, self._numbers)).encode()


class TextColumn:
    """Texts, each cut to MAX_TEXT characters. They are stored as JSON, which needs a third of the memory."""

    def __init__(self) -> None:
        self._json = bytearray()
        self._n = self._known = 0

    def __len__(self) -> int:
        return self._n

    @property
    def distinct(self) -> range:
        """As many values as rows have a text: texts are not compared."""
        return range(self._known)

    def add(self, value: str | None) -> None:
        """Append a text; None: the record has none."""
        if self._n:
            self._json += b","
        self._json += b"null" if value is None else _utf8(encode_basestring(shortened(value)))
        self._n += 1
        self._known += value is not None

    def fill(self, n: int) -> None:
        """Append unknown values up to n rows."""
        while self._n < n:
            self.add(None)

    @property
    def position(self) -> int:
        """Where the next row begins, for `rows`."""
        return len(self._json)

    def rows(self, start: int, end: int, position: int) -> dict[str, Any]:
        """The fields of the column's JSON object with rows `start` to `end` only.

        `position` was the column's when it had `start` rows.
        """
        texts = json.loads(b"[" + bytes(self._json[position:]).removeprefix(b",") + b"]")
        return {"kind": "text", "texts": texts[: end - start]}

    def parts(self) -> Iterator[bytes | bytearray]:
        """The fields of the column's JSON object, without braces."""
        yield b'"kind":"text","texts":['
        yield self._json
        yield b"]"


AnyColumn = CategoryColumn | NumberColumn | TextColumn


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """The text, or its first characters and `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _number(value: float) -> str:
    if value != value:  # NaN
        return "null"
    return str(int(value)) if value.is_integer() else repr(value)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
