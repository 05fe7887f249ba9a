"""The parameters written for a scorer, held against the signature of its factory."""

from __future__ import annotations

import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from .errors import UsageError, did_you_mean
from .scorers.match.extract import Extract

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "nothing"}


def check_params(
    factory: Callable[..., Any], params: Mapping[str, Any], allowed: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """The parameters as the factory wants them. Raises UsageError for an unknown, wrong or missing one."""
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in allowed.values())
    names = [name for name, p in allowed.items() if p.kind in _NAMED]
    for key in params:
        if key not in names and not open_ended:
            raise UsageError(
                f"no parameter {key!r}{did_you_mean(str(key), names)} (it has: {', '.join(names) or 'none'})"
            )
    missing = [n for n in names if allowed[n].default is inspect.Parameter.empty and n not in params]
    if missing:
        raise UsageError(f"needs a value for {', '.join(missing)}")
    hints = _hints(factory)
    return {key: _convert(key, value, hints.get(key, Any)) for key, value in params.items()}


_NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    """The annotations; none where a user's cannot be evaluated, for they are only a help."""
    is_plain_class = isinstance(factory, type) and not dataclasses.is_dataclass(factory)
    try:
        return typing.get_type_hints(inspect.getattr_static(factory, "__init__") if is_plain_class else factory)
    except (NameError, TypeError, AttributeError):
        return {}


def _convert(key: str, value: Any, hint: Any) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    for option in options:
        try:
            return _fit(value, option)
        except (TypeError, ValueError):
            continue
    wanted = " or ".join(_describe(option) for option in options if option is not type(None))
    raise UsageError(f"{key} must be {wanted}, got {value!r}")


def _fit(value: Any, hint: Any) -> Any:
    """The value as this annotation wants it. Raises ValueError or TypeError where it is none."""
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if hint is Extract:
        return Extract.from_param(value)
    if origin is Literal:
        return _need(value, value in typing.get_args(hint))
    if origin in (tuple, list, Sequence):
        _need(value, isinstance(value, list | tuple))
        return (tuple if origin is Sequence else origin)(_fit(item, typing.get_args(hint)[0]) for item in value)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(_need(value, number))
    kind = origin or hint
    if not isinstance(kind, type):
        return value  # an annotation beyond what a task file can say
    return _need(value, isinstance(value, kind) and (kind is not int or not isinstance(value, bool)))


def _need(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError
    return value


def _describe(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) in (tuple, list, Sequence):
        return f"a list, each {_describe(typing.get_args(hint)[0])}"
    return str(_WORDS.get(hint) or getattr(hint, "__name__", hint))
