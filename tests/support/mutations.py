"""Damages JSON files as hostile or torn ones may be: at every key another type."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Place = tuple[str | int, ...]


def nested(depth: int) -> list[Any]:
    """A list in a list in a list …"""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


WRONG: tuple[Any, ...] = (
    None, "", "0.5", "__proto__", 0, -1, 1.5, 1e308, -1e308, 10**400, float("nan"), float("inf"), True, [], {},
    [None], [[]], ["a", 1], [0.1, "b"], [1, 2, 3], {"a": 1}, {"__proto__": {"toString": 1}},
    {"toString": 1, "valueOf": 2}, {"constructor": {"prototype": None}, "length": -1, "then": 1},
    "<img src=x onerror=\"document.title='ran'\">",
    "\ud800\x00\u202e", nested(90), nested(400), nested(900), "x" * 30_000, [[[]]] * 200,
)  # fmt: skip
"""What stands in place of a value."""


def paths(value: Any, start: Place = ()) -> Iterator[Place]:
    """The places of all values in a JSON value, the outer ones first; of a list, the first two elements."""
    yield start
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, part in inner:
        yield from paths(part, (*start, name))


def mutated(value: Any, path: Place, wrong: Any) -> Any:
    """A copy of a JSON value with another value at a place."""
    if not path:
        return wrong
    copy = deepcopy(value)
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = wrong
    return copy


def without(value: Any, path: Place) -> Any:
    """A copy of a JSON value that lacks the value at a place."""
    copy = deepcopy(value)
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


def mutations(value: Any, n: int, seed: int) -> Iterator[tuple[str, str]]:
    """(what is damaged, the JSON) of n damaged copies: every place is damaged before one is damaged again."""
    chance = random.Random(seed)
    places: list[Place] = []
    for _ in range(n):
        if not places:
            places = list(paths(value))
            chance.shuffle(places)
        path = places.pop()
        named = "/".join(map(str, path))
        if path and chance.random() < 0.1:
            yield f"{named} is missing", json.dumps(without(value, path))
        else:
            wrong = chance.choice(WRONG)
            yield f"{named} = {str(wrong)[:40]!r}", json.dumps(mutated(value, path, wrong))
