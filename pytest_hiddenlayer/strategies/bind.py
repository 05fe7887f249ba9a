"""Turns a written strategy (`Spec`) into a coroutine with checked parameters and a label."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ParameterError, UsageError
from ..identifiers import strategy_label
from ..parameters import UNLESS_SET, check_params, check_together, is_marked, type_hints
from ..registry import strategies
from ..types import FEEDBACK, MODELS, Spec
from .model_mix import model_names


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundStrategy:
    """A strategy that is ready to run."""

    name: str
    run: Callable[..., Any]
    params: Mapping[str, Any]  # with defaults, except empty `Models` parameters and those marked UNLESS_SET
    given: frozenset[str]  # names of the parameters that the user wrote
    label: str  # the name, and the parameters that differ from their defaults
    preset: str = ""  # the preset that it was written as; empty: none
    models: tuple[str, ...] = ()  # PROVIDER[:MODEL] of each model that the parameters name
    feedback: tuple[str, ...] = ()  # names of the task's scores that the parameters name


def bind_strategy(spec: Spec) -> BoundStrategy:
    """Returns the registered strategy with checked parameters. Raises ParameterError or UnknownNameError."""
    function = strategies.get(spec.name)
    _check_signature(spec.name, function)
    allowed = _parameters(function)
    defaults = {name: parameter.default for name, parameter in allowed.items()}
    hints = _hints(function, defaults)
    model_keys = [name for name, hint in hints.items() if is_marked(hint, MODELS)]
    try:
        given = check_params(spec.params, allowed, hints, read_text=True)
        check_together(function, {**defaults, **given}, given.keys())
        _check_models({key: given[key] for key in model_keys if isinstance(given.get(key), str)})
    except ParameterError as error:
        key = error.parameter or ""
        hint = _joined(spec.params.get(key), key in model_keys, defaults.get(key))
        raise ParameterError(f"strategy {spec.name!r}: {error}{hint}", parameter=error.parameter) from error
    unset = {
        key for key, hint in hints.items() if is_marked(hint, UNLESS_SET) and given.get(key) in (None, defaults[key])
    }
    params = {
        key: value
        for key, value in {**defaults, **given}.items()
        if (value or key not in model_keys) and key not in unset
    }
    changed = {key: value for key, value in params.items() if value != defaults[key]}
    models = dict.fromkeys(model for key in model_keys for model in model_names(params.get(key, "")))
    return BoundStrategy(
        name=spec.name,
        run=function,
        params=params,
        given=frozenset(given),
        label=strategy_label(spec.name, changed),
        models=tuple(models),
        feedback=tuple(params[key] for key, hint in hints.items() if is_marked(hint, FEEDBACK) and params.get(key)),
        preset=spec.preset,
    )


def parse_strategy(text: str) -> Spec:
    """Parses `debate:n_agents=5,n_rounds=3`; the values stay text until the strategy is bound. Raises UsageError.

    `preset:NAME,n_agents=5` is the name `preset:NAME` with a parameter that takes precedence.
    """
    name, _, assignments = text.partition(":")
    if name.strip() == "preset":
        preset, _, assignments = assignments.partition(",")
        name = f"preset:{preset.strip()}"
    params = {}
    for assignment in filter(None, assignments.split(",")):
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"--hl-strategy {text!r}: {assignment!r} is not key=value; write NAME:key=value,...")
        if key.strip() in params:
            raise UsageError(f"--hl-strategy {text!r}: {key.strip()} was given twice; keep one")
        params[key.strip()] = value.strip()
    return Spec(name=name.strip(), params=params)


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _check_signature(name: str, function: Callable[..., Any]) -> None:
    """Raises ParameterError if the function needs more positional arguments than the context."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [one for one in inspect.signature(function).parameters.values() if one.kind in positional]
    for parameter in found[1:]:
        if parameter.default is inspect.Parameter.empty:
            raise ParameterError(
                f"strategy {name!r}: {parameter.name!r} is positional, and parameters are keyword-only; "
                f"write `context, *, {parameter.name}`",
                parameter=parameter.name,
            )


def _hints(function: Callable[..., Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations; the type of the default for a parameter without one."""
    hints = type_hints(function)
    return {key: hints.get(key, _type_of_default(default)) for key, default in defaults.items()}


def _type_of_default(default: Any) -> Any:
    if type(default) is int:
        return int | float  # a default of 1 does not rule out 0.5
    return type(default) if type(default) in (bool, float, str) else Any


def _joined(value: Any, names_models: bool, default: Any) -> str:
    """What to write instead of a list, where several names are one text: `; write 'mlx+mlx:smollm2'`."""
    is_list = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    is_joined = names_models or (isinstance(default, str) and "+" in default)
    return f"; write {'+'.join(value)!r}" if is_list and is_joined else ""


def _check_models(params: Mapping[str, str]) -> None:
    for key, value in params.items():
        if not all(re.fullmatch(r"\w+(:.+)?", name) for name in value.split("+")):
            message = f"{key} must be PROVIDER[:MODEL], several joined by +, got {value!r}"
            raise ParameterError(message, parameter=key)
