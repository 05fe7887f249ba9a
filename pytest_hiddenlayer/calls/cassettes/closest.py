"""The recorded call nearest to one that is not recorded, and how they differ."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, TypeAlias

Identity: TypeAlias = Mapping[str, Any]

_NEIGHBOURS = 2  # on either side, among texts in alphabetical order: those share the longest beginnings
_EQUAL = 64  # at most, of texts that are equal
_WINDOW = 300  # characters of what differs that are compared word by word
_BEFORE, _AFTER = 30, 50  # characters shown around the first difference
_PLAIN = ("provider", "model", "sample", "epoch", "role", "round", "seed", "top_logprobs")


class Nearest:
    """Finds among many calls in about a millisecond, however many they are."""

    def __init__(self, calls: Iterable[Identity]) -> None:
        self._calls = list(calls)
        self._by_text = sorted((text_of(call), number) for number, call in enumerate(self._calls))
        self._by_place: dict[tuple[Any, ...], list[tuple[str, int]]] = defaultdict(list)
        for text, number in self._by_text:
            call = self._calls[number]
            for place in (_place(call), (*_place(call), call["epoch"])):
                self._by_place[place].append((text, number))

    def find(self, asked: Identity) -> Identity | None:
        """The call with the same messages, else one of the same sample, role and round, else any.

        Of several, the one with the most alike messages, then with the most that is equal. None of no calls.
        """
        text, place = text_of(asked), _place(asked)
        shelves = (self._by_text, self._by_place.get(place, []), self._by_place.get((*place, asked["epoch"]), []))
        found = {one for shelf in shelves for one in _around(shelf, text)}
        found = {one for one in found if one[0] == text} or found

        def rank(one: tuple[str, int]) -> tuple[Any, ...]:
            call = self._calls[one[1]]
            equal = sum(call[name] == asked[name] for name in (*_PLAIN, "params", "schema"))
            return _place(call) == place, likeness(text, one[0]), equal, -one[1]

        return self._calls[max(found, key=rank)[1]] if found else None


def differences(asked: Identity, recorded: Identity) -> str:
    """What differs, as in `seed (asked 5, recorded 7), message 2 (user) from character 31 on:`, and both texts."""
    found = [_pair(name, asked[name], recorded[name]) for name in _PLAIN if asked[name] != recorded[name]]
    for name in sorted({*asked["params"], *recorded["params"]}):
        values = asked["params"].get(name), recorded["params"].get(name)
        if values[0] != values[1]:
            found.append(_pair(name, *values))
    if asked["schema"] != recorded["schema"]:
        found.append("the schema of the answer")
    return ", ".join([*found, *_messages(asked["messages"], recorded["messages"])]) or "nothing that is told"


def text_of(call: Identity) -> str:
    """All messages as one text."""
    return "\n".join(f"{one['role']}: {one['content']}" for one in call["messages"])


def likeness(one: str, other: str) -> float:
    """In [0, 1], 1 for equal texts; the cost is bounded, however long they are."""
    if one == other:
        return 1.0
    start = first_difference(one, other)
    one_rest, other_rest = one[start:], other[start:]
    end = first_difference(one_rest[::-1], other_rest[::-1])
    words, others = (rest[: min(len(rest) - end, _WINDOW)].split() for rest in (one_rest, other_rest))
    share: float = SequenceMatcher(None, words, others, autojunk=False).ratio()
    return (start + end + share * (min(len(one), len(other)) - start - end)) / max(len(one), len(other))


def first_difference(one: str, other: str) -> int:
    """The 0-based place of the first character that differs; the shorter's length where it begins the other."""
    return bisect_left(range(min(len(one), len(other))), True, key=lambda i: one[: i + 1] != other[: i + 1])


def _place(call: Identity) -> tuple[Any, ...]:
    return call["sample"], call["role"], call["round"]


def _around(ordered: list[tuple[str, int]], text: str) -> list[tuple[str, int]]:
    at = bisect_left(ordered, (text, -1))
    equal = bisect_left(ordered, (text, sys.maxsize)) - at
    return ordered[max(0, at - _NEIGHBOURS) : at + max(min(equal, _EQUAL), _NEIGHBOURS)]


def _pair(name: str, asked: Any, recorded: Any) -> str:
    return f"{name} (asked {asked!r}, recorded {recorded!r})"


def _messages(asked: list[Mapping[str, str]], recorded: list[Mapping[str, str]]) -> Iterator[str]:
    if len(asked) != len(recorded):
        yield _pair("number of messages", len(asked), len(recorded))
    for number, (one, other) in enumerate(zip(asked, recorded, strict=False), 1):
        if one["role"] != other["role"]:
            yield _pair(f"role of message {number}", one["role"], other["role"])
            return
        if one["content"] != other["content"]:
            at = first_difference(one["content"], other["content"])
            yield (
                f"message {number} ({one['role']}) from character {at + 1} on:\n"
                f"- {_excerpt(other['content'], at)}\n+ {_excerpt(one['content'], at)}"
            )
            return


def _excerpt(text: str, at: int) -> str:
    start, end = max(0, at - _BEFORE), at + _AFTER
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}".replace("\n", "\\n")
