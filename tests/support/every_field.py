"""JSON values of run files with a value in every field that their types name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_PLAIN = {"text": "text", "number": 0.5, "count": 1, "flag": True, "interval": [0.25, 0.75], "anything": "text"}


def filled(kind: Callable[..., Any], value: Any = None) -> Any:
    """The value with something in every field that is missing, null or empty. Raises LookupError for a new type.

    A field that is added to `report/file_types` is in the files of the tests by itself.
    """
    name = kind.__qualname__.partition(".")[0]
    if name in _PLAIN:
        return _PLAIN[name] if value is None else value
    inner = inspect.getclosurevars(kind).nonlocals
    if name == "one_of":
        return inner["texts"][0] if value is None else value
    if name == "or_null":
        return filled(inner["inner"], value)
    if name in ("list_of", "every"):
        return [filled(inner["inner"], part) for part in value or [None] * (inner.get("n") or 1)]
    if name == "map_of":
        return {key: filled(inner["inner"], part) for key, part in (value or {"name": None}).items()}
    if name == "object_of":
        others = {key: kind for key, (kind, _) in (inner["others"] or {}).items()}
        known = {key: filled(kind, (value or {}).get(key)) for key, kind in {**inner["needed"], **others}.items()}
        return {**(value or {}), **known}
    raise LookupError(f"{name}: a type of report/file_types that this function does not know; add it")
