"""From a written strategy (`Spec`) to a coroutine with checked parameters and a label."""

from __future__ import annotations

import inspect
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import UsageError, did_you_mean
from ..registry import strategies
from ..types import MODELS, Spec
from .model_mix import names


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundStrategy:
    """A strategy that is ready to run."""

    name: str
    run: Callable[..., Any]
    params: Mapping[str, Any]  # all of them, defaults included, but those that name models and name none
    given: frozenset[str]  # the ones that the user wrote
    label: str  # the name, and the parameters that differ from their defaults
    models: tuple[str, ...] = ()  # PROVIDER[:MODEL], whom its parameters name beside the candidate


def bind_strategy(spec: Spec) -> BoundStrategy:
    """The registered strategy with its parameters checked. Raises UsageError (UnknownNameError for the name)."""
    function = strategies.get(spec.name)
    allowed = _parameters(function)
    for key in spec.params:
        if key not in allowed:
            raise UsageError(
                f"strategy {spec.name!r} has no parameter {key!r}{did_you_mean(str(key), allowed)} "
                f"(it has: {', '.join(allowed) or 'none'})"
            )
    hints = _hints(function, allowed)
    for key, value in spec.params.items():
        if _names_models(hints[key]) and not all(re.fullmatch(r"\w+(:.+)?", name) for name in str(value).split("+")):
            raise UsageError(f"strategy {spec.name!r}: {key}={value!r}: write PROVIDER[:MODEL], joined by +")
    given = {key: _coerce(spec.name, key, value, hints[key]) for key, value in spec.params.items()}
    params = {key: given.get(key, default) for key, default in allowed.items()}
    missing = [key for key, value in params.items() if value is inspect.Parameter.empty]
    if missing:
        raise UsageError(f"strategy {spec.name!r} needs a value for {', '.join(missing)}")
    params = {key: value for key, value in params.items() if value or not _names_models(hints[key])}
    changed = {key: value for key, value in params.items() if value != allowed[key]}
    return BoundStrategy(
        name=spec.name,
        run=function,
        params=params,
        given=frozenset(given),
        label=_label(spec.name, changed),
        models=tuple(
            dict.fromkeys(m for key, hint in hints.items() if _names_models(hint) for m in names(params.get(key, "")))
        ),
    )


def parse_strategy(text: str) -> Spec:
    """`debate:n_agents=5,n_rounds=3` as a Spec; the values stay text until they are bound."""
    name, _, rest = text.partition(":")
    params = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"--strategy {text!r}: {part!r} is no parameter; write NAME:key=value,key=value")
        if key.strip() in params:
            raise UsageError(f"--strategy {text!r}: {key.strip()} was given twice")
        params[key.strip()] = value.strip()
    return Spec(name=name.strip(), params=params)


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _hints(function: Callable[..., Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations; the default's type where there is none, or where a user's cannot be evaluated."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):  # such as a name imported for type checkers only
        hints = {}
    return {key: hints.get(key, _kind(default)) for key, default in defaults.items()}


def _names_models(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Annotated and MODELS in hint.__metadata__


def _kind(default: Any) -> Any:
    if type(default) is int:
        return int | float  # nobody said that 1 may not become 0.5
    return type(default) if type(default) in (bool, float, str) else Any


def _label(name: str, changed: Mapping[str, Any]) -> str:
    parts = [f"{key}={re.sub(r'[^A-Za-z0-9._+-]', '-', str(value))}" for key, value in changed.items()]
    return f"{name}.{','.join(parts)}" if parts else name


def _coerce(strategy: str, key: str, value: Any, hint: Any) -> Any:
    """The value as the annotation wants it; text (from a command line) is read, anything else must fit."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = hint.__origin__
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    for option in options:
        try:
            return _fit(value, option)
        except (TypeError, ValueError, KeyError):
            continue
    wanted = " or ".join(_words(option) for option in options)
    raise UsageError(f"strategy {strategy!r}: {key}={value!r} is not {wanted}")


def _fit(value: Any, hint: Any) -> Any:
    if hint is Any:
        return value
    if typing.get_origin(hint) is Literal:
        if value in typing.get_args(hint):
            return value
        raise ValueError
    if hint is bool and isinstance(value, str):
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[value.lower()]
    if hint in (int, float) and isinstance(value, str):
        value = hint(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError
    kind = typing.get_origin(hint) or hint
    if not isinstance(kind, type):
        return value  # an annotation beyond what a task file can say
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ValueError


def _words(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(hint, str(hint))
