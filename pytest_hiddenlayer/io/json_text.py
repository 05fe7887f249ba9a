"""Reads JSON that others wrote."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_LARGE = re.compile(r"[eE]\+?[0-9]{3}")
_LARGE_BYTES = re.compile(rb"[eE]\+?[0-9]{3}")


def decode_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError if it is not JSON, or is nested more deeply than Python reads.

    `json.loads` raises RecursionError for the latter; callers expect ValueError.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply to be read") from None


def decode_finite_json(text: str | bytes) -> Any:
    """As `decode_json`, of a text that is written again: raises ValueError for NaN, infinity and 1e999 too.

    Python reads all three, and JSON has none of them.
    """
    large = _LARGE.search(text) if isinstance(text, str) else _LARGE_BYTES.search(text)
    numbers: dict[str, Any] = {"parse_float": _finite} if large else {}
    try:
        return json.loads(text, parse_constant=_refuse, **numbers)
    except RecursionError:
        raise ValueError("it is nested too deeply to be read") from None


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name[:40]} is not a number of JSON")
