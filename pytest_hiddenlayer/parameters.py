"""Checks the parameters written for a strategy or scorer against the signature of its factory, and converts them."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import types
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

from .errors import ParameterError, did_you_mean

OUTPUT_FILE = "output_file"
OutputFile: TypeAlias = Annotated[Mapping[str, tuple[str, ...]], OUTPUT_FILE]
"""A scorer's parameter that a task file writes as the name of a file of {id, output} rows.

The task loader reads the file; the scorer receives sample id → outputs.
"""

UNLESS_SET = "unless set"
"""Mark of a strategy's parameter, in its annotation, that records and keys contain only if it is not its default.

A parameter that is added to a strategy has it, so that earlier runs, snapshots and keys stay valid.
"""
_CHECKED_TOGETHER: dict[Callable[..., Any], Callable[[Mapping[str, Any], Collection[str]], None]] = {}

_NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_Factory = TypeVar("_Factory", bound=Callable[..., Any])
_DESCRIPTIONS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@runtime_checkable
class ParameterCheck(Protocol):
    """A condition on a parameter, in its annotation: `Annotated[int, CHECK]`."""

    def fault(self, value: Any) -> str | None:
        """Returns what the value must be, as in `must be at least 2`; None if it fits."""
        ...


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a numeric parameter may have: `n_agents: Annotated[int, Range(2, 100)] = 3`."""

    minimum: float | None = None
    maximum: float | None = None

    def fault(self, value: Any) -> str | None:
        """Returns what the value must be; None if it is in the range, or is not a number."""
        low, high = self.minimum, self.maximum
        if not isinstance(value, int | float):
            return None
        if (low is None or value >= low) and (high is None or value <= high):
            return None
        if low is not None and high is not None:
            return f"must be from {low:g} to {high:g}"
        return f"must be at least {low:g}" if low is not None else f"must be at most {high:g}"


class WrittenParameter(ABC):
    """Base of the parameter types that are built from a value of a task file."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def from_param(cls, value: Any) -> Self:
        """Builds the parameter from the written value. Raises UsageError."""


def checked_together(check: Callable[[Mapping[str, Any], Collection[str]], None]) -> Callable[[_Factory], _Factory]:
    """Returns a decorator of a strategy whose parameters may contradict each other.

    `check` receives all parameters and the names of those that the user wrote, and raises ParameterError.
    """

    def decorate(factory: _Factory) -> _Factory:
        _CHECKED_TOGETHER[factory] = check
        return factory

    return decorate


def check_together(factory: Callable[..., Any], params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if parameters contradict each other, as far as the factory is `checked_together`."""
    if isinstance(factory, Hashable) and factory in _CHECKED_TOGETHER:
        _CHECKED_TOGETHER[factory](params, given)


def check_params(
    written: Mapping[str, Any],
    allowed: Mapping[str, inspect.Parameter],
    hints: Mapping[str, Any],
    *,
    read_text: bool = False,
) -> dict[str, Any]:
    """Returns the written parameters, converted to the annotations in `hints`.

    With `read_text`, numbers and booleans may be written as text, as on a command line.
    Raises ParameterError for an unknown or missing parameter and for a value that does not fit.
    """
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in allowed.values())
    names = [name for name, parameter in allowed.items() if parameter.kind in _NAMED]
    for key in written:
        if key not in names and not open_ended:
            raise ParameterError(
                f"no parameter {key!r}{did_you_mean(str(key), names)} (it has: {', '.join(names) or 'none'})",
                parameter=str(key),
            )
    missing = [name for name in names if allowed[name].default is inspect.Parameter.empty and name not in written]
    if missing:
        raise ParameterError(f"needs a value for {', '.join(missing)}", parameter=None)
    return {key: _convert(key, value, hints.get(key, Any), read_text) for key, value in written.items()}


def type_hints(factory: Callable[..., Any]) -> dict[str, Any]:
    """Returns the annotations of a factory's parameters, `Annotated` included.

    Empty if an annotation cannot be evaluated, such as a name imported for type checkers only.
    """
    is_plain_class = isinstance(factory, type) and not dataclasses.is_dataclass(factory)
    annotated = inspect.getattr_static(factory, "__init__") if is_plain_class else factory
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}


def is_marked(hint: Any, mark: str) -> bool:
    """Returns whether an annotation, or an alternative of a union, is `Annotated[..., mark]`."""
    return any(
        typing.get_origin(option) is Annotated and mark in option.__metadata__ for option in _alternatives(hint)
    )


def output_file_parameters(factory: Callable[..., Any]) -> frozenset[str]:
    """Returns the names of the factory's parameters that are annotated as `OutputFile`."""
    return _cached_output_files(factory) if isinstance(factory, Hashable) else _output_files(factory)


def _output_files(factory: Callable[..., Any]) -> frozenset[str]:
    return frozenset(name for name, hint in type_hints(factory).items() if is_marked(hint, OUTPUT_FILE))


_cached_output_files = lru_cache(maxsize=256)(_output_files)  # called for every record


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _convert(key: str, value: Any, hint: Any, read_text: bool) -> Any:
    alternatives = [_without_marks(option) for option in _alternatives(_without_marks(hint))]
    for option in alternatives:
        try:
            fitting = _fit(_from_text(value, option) if read_text and isinstance(value, str) else value, option)
        except (TypeError, ValueError, KeyError):
            continue
        for check in _checks(hint):
            if (fault := check.fault(fitting)) is not None:
                raise ParameterError(f"{key} {fault}, got {fitting!r}", parameter=key)
        return fitting
    expected = " or ".join(_describe(option) for option in alternatives if option is not type(None))
    remedy = _remedy(value, alternatives, read_text)
    raise ParameterError(f"{key} must be {expected}, got {value!r}{remedy}", parameter=key)


def _checks(hint: Any) -> Iterator[ParameterCheck]:
    """Yields the checks in the annotation, or in an alternative of a union."""
    for option in dict.fromkeys((hint, *_alternatives(_without_marks(hint)))):
        if typing.get_origin(option) is Annotated:
            yield from (mark for mark in option.__metadata__ if isinstance(mark, ParameterCheck))


def _remedy(value: Any, alternatives: Sequence[Any], read_text: bool) -> str:
    """Returns what to write instead of a wrong value, if that is plain: `; write 3`, `, did you mean 'softmax'?`."""
    choices = [choice for option in alternatives for choice in _choices(option)]
    if isinstance(value, str) and (suggestion := did_you_mean(value, choices)):
        return suggestion
    for option in alternatives:
        if option not in (int, float, bool):
            continue
        try:
            number = float(value) if option is not bool and not isinstance(value, bool) else None
            meant = _from_text(value, bool) if option is bool else int(number or 0) if option is int else number
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            continue
        if option is bool or (number is not None and math.isfinite(number) and meant == number):
            quotes = " without quotes" if isinstance(value, str) and not read_text else ""
            return f"; write {str(meant).lower()}{quotes}"
    return ""


def _choices(option: Any) -> list[str]:
    """Returns the texts that a `Literal` allows; empty for another type."""
    if typing.get_origin(option) is not Literal:
        return []
    return [choice for choice in typing.get_args(option) if isinstance(choice, str)]


def _without_marks(hint: Any) -> Any:
    return hint.__origin__ if typing.get_origin(hint) is Annotated else hint


def _from_text(text: str, hint: Any) -> Any:
    """Reads a boolean or a number from text. Raises KeyError or ValueError if the text is neither."""
    if hint is bool:
        return _BOOLEANS[text.lower()]
    return hint(text) if hint in (int, float) else text


def _fit(value: Any, hint: Any) -> Any:
    """Returns the value as the annotation requires it. Raises ValueError or TypeError if it does not fit."""
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin is Literal:
        return _require(value, value in typing.get_args(hint))
    if origin in (tuple, list, Sequence):
        _require(value, isinstance(value, list | tuple))
        return (tuple if origin is Sequence else origin)(_fit(item, _item_hint(hint)) for item in value)
    if hint is float:
        is_number = (
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        )
        return float(_require(value, is_number))
    kind = origin or hint
    if not isinstance(kind, type):
        return value  # an annotation beyond what a task file can express
    if issubclass(kind, WrittenParameter):
        return kind.from_param(value)
    return _require(value, isinstance(value, kind) and (kind is not int or not isinstance(value, bool)))


def _item_hint(hint: Any) -> Any:
    return next(iter(typing.get_args(hint)), Any)


def _require(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError
    return value


def _describe(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) in (tuple, list, Sequence):
        return f"a list, each {_describe(_item_hint(hint))}"
    return str(_DESCRIPTIONS.get(hint) or getattr(hint, "__name__", hint))
