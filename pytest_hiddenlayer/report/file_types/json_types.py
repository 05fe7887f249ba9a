"""Types of JSON values. What does not fit is left out and named, unless nothing can be shown without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_NUMBER = 1e15
MAX_DEPTH = 30
"""How deep values of unknown type may be nested."""
MAX_NAMED = 3

Faults = list[str]
"""Places of the values that were left out, such as `1/comparison/ci95`."""
Type = Callable[[Any, str, Faults], Any]
"""Returns a value as the page may use it. Takes the value, its place, and the faults so far. Raises UnfitError."""


class UnfitError(Exception):
    """A value has another type; the message is its place."""


def text(value: Any, place: str, faults: Faults) -> str:
    """A text."""
    if not isinstance(value, str):
        raise UnfitError(place)
    return value


def number(value: Any, place: str, faults: Faults) -> float:
    """A finite number that can be summed."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
        raise UnfitError(place)
    return value


def count(value: Any, place: str, faults: Faults) -> int:
    """A whole number from 0 on."""
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise UnfitError(place)
    return value


def flag(value: Any, place: str, faults: Faults) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise UnfitError(place)
    return value


def interval(value: Any, place: str, faults: Faults) -> list[float]:
    """Two numbers."""
    if not isinstance(value, list) or len(value) != 2:
        raise UnfitError(place)
    return [number(end, place, faults) for end in value]


def anything(value: Any, place: str, faults: Faults) -> Any:
    """A JSON value that is not nested too deeply."""
    if not is_shallow(value, MAX_DEPTH):
        raise UnfitError(place)
    return value


def is_shallow(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested at most `depth` times."""
    level = [value]
    for _ in range(depth + 1):
        level = [part for inner in level if isinstance(inner, dict | list) for part in _parts(inner)]
        if not level:
            return True
    return False


def _parts(value: Mapping[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else value


def one_of(*texts: str) -> Type:
    """One of these texts."""

    def check(value: Any, place: str, faults: Faults) -> Any:
        if not isinstance(value, str) or value not in texts:
            raise UnfitError(place)
        return value

    return check


def or_null(inner: Type) -> Type:
    """A value of a type; null takes the place of another one."""

    def check(value: Any, place: str, faults: Faults) -> Any:
        if value is None:
            return None
        try:
            return inner(value, place, faults)
        except UnfitError as error:
            faults.append(str(error))
            return None

    return check


def list_of(inner: Type) -> Type:
    """A list; elements of another type are left out."""

    def check(value: Any, place: str, faults: Faults) -> list[Any]:
        if not isinstance(value, list):
            raise UnfitError(place)
        kept = []
        for at, part in enumerate(value):
            try:
                kept.append(inner(part, f"{place}/{at}", faults))
            except UnfitError as error:
                faults.append(str(error))
        return kept

    return check


def every(inner: Type, n: int | None = None) -> Type:
    """A list whose elements all have a type; with `n`, a list of n elements."""

    def check(value: Any, place: str, faults: Faults) -> list[Any]:
        if not isinstance(value, list) or n not in (None, len(value)):
            raise UnfitError(place)
        return [inner(part, f"{place}/{at}", faults) for at, part in enumerate(value)]

    return check


def map_of(inner: Type) -> Type:
    """An object with any keys; values of another type are left out."""

    def check(value: Any, place: str, faults: Faults) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise UnfitError(place)
        kept = {}
        for name, part in value.items():
            try:
                kept[name] = inner(part, f"{place}/{name}", faults)
            except UnfitError as error:
                faults.append(str(error))
        return kept

    return check


def object_of(needed: Mapping[str, Type], others: Mapping[str, tuple[Type, Any]] | None = None) -> Type:
    """An object with the needed fields; each of the others has a default, which also replaces another type.

    Fields of other names are left out without a fault: a newer version may write them.
    """

    def check(value: Any, place: str, faults: Faults) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise UnfitError(place)
        made = {name: inner(value.get(name), f"{place}/{name}", faults) for name, inner in needed.items()}
        for name, (inner, default) in (others or {}).items():
            made[name] = default
            if value.get(name) is None:
                continue
            try:
                made[name] = inner(value[name], f"{place}/{name}", faults)
            except UnfitError as error:
                faults.append(str(error))
        return made

    return check


def checked(value: Any, kind: Type) -> tuple[Any, Faults]:
    """(the value as the page may use it, or None if nothing of it can be shown; what was left out)."""
    faults: Faults = []
    try:
        return kind(value, "", faults), [place.lstrip("/") for place in faults]
    except UnfitError as error:
        return None, [str(error).lstrip("/")]


def left_out_words(file: str, places: Faults) -> str:
    """A sentence on what was left out, with the first places."""
    named = ", ".join(place[:80] for place in places[:MAX_NAMED])
    more = len(places) - MAX_NAMED
    return (
        f"{file} holds values that pytest-hiddenlayer does not write there; they are left out: "
        f"{named}{f' and {more:,} more' if more > 0 else ''}."
    )
