"""Finds the recorded call that is closest to a missing one, and describes how they differ."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any, TypeAlias

CacheKeyFields: TypeAlias = Mapping[str, Any]

MAX_COMPARED = 12
"""Calls whose messages are compared word by word, at most."""
_BEFORE, _AFTER = 30, 50  # characters shown before and after the first difference
_SCALARS = ("provider", "model", "sample", "epoch", "role", "round", "seed", "top_logprobs")

_WANTED = {
    "token_logprobs": ("token log-probabilities", "--hl-token-logprobs"),
    "token_entropies": ("measures of confidence", "--hl-confidence"),
}


class ClosestCall:
    """Searches among recorded calls."""

    def __init__(self, calls: Iterable[CacheKeyFields]) -> None:
        self._calls = list(calls)
        self._by_text: dict[str, list[CacheKeyFields]] = defaultdict(list)
        self._by_position: dict[tuple[Any, ...], list[CacheKeyFields]] = defaultdict(list)
        for call in self._calls:
            self._by_text[_text(call)].append(call)
            for position in (_position(call), (*_position(call), call["epoch"])):
                self._by_position[position].append(call)

    def find(self, missing: CacheKeyFields) -> CacheKeyFields | None:
        """A call with the same messages, else one of the same sample, role and round, else any; None if empty.

        Of several, the one with the most similar messages, then with the most equal fields.
        """
        text, position = _text(missing), _position(missing)
        if same_text := self._by_text.get(text):
            return max(same_text, key=lambda call: (_position(call) == position, _equal_fields(missing, call)))
        candidates = (
            self._by_position.get((*position, missing["epoch"])) or self._by_position.get(position) or self._calls
        )
        candidates = nlargest(MAX_COMPARED, candidates, key=lambda call: first_difference(text, _text(call)))
        return max(
            candidates,
            key=lambda call: (similarity(text, _text(call)), _equal_fields(missing, call)),
            default=None,
        )


def similarity(a: str, b: str) -> float:
    """The share of words that two texts have in common, in order; in [0, 1]."""
    return SequenceMatcher(None, a.split(), b.split()).ratio()


def differences(missing: CacheKeyFields, recorded: CacheKeyFields) -> str:
    """The fields that differ, such as `seed (asked 5, recorded 7)`, and an excerpt of both messages."""
    parts = [_pair(name, missing[name], recorded[name]) for name in _SCALARS if missing[name] != recorded[name]]
    for name, (what, option) in _WANTED.items():
        asked = [bool(call.get(name)) for call in (missing, recorded)]
        if asked[0] != asked[1]:
            how = f"asked with {option}, recorded without" if asked[0] else f"recorded with {option}"
            parts.append(f"{what} ({how})")
    for name in sorted({*missing["params"], *recorded["params"]}):
        values = missing["params"].get(name), recorded["params"].get(name)
        if values[0] != values[1]:
            parts.append(_pair(name, *values))
    if missing["schema"] != recorded["schema"]:
        parts.append("the schema of the answer")
    return ", ".join([*parts, *_messages(missing["messages"], recorded["messages"])]) or "no field that is shown"


def first_difference(a: str, b: str) -> int:
    """0-based index of the first character that differs; the shorter length if one text begins with the other."""
    shorter = min(len(a), len(b))
    return bisect_left(range(shorter), True, key=lambda i: a[: i + 1] != b[: i + 1])


def _text(call: CacheKeyFields) -> str:
    return "\n".join(f"{message['role']}: {message['content']}" for message in call["messages"])


def _position(call: CacheKeyFields) -> tuple[Any, ...]:
    return call["sample"], call["role"], call["round"]


def _equal_fields(missing: CacheKeyFields, recorded: CacheKeyFields) -> int:
    return sum(missing[name] == recorded[name] for name in (*_SCALARS, "params", "schema"))


def _pair(name: str, missing: Any, recorded: Any) -> str:
    return f"{name} (asked {missing!r}, recorded {recorded!r})"


def _messages(missing: list[Mapping[str, str]], recorded: list[Mapping[str, str]]) -> Iterator[str]:
    if len(missing) != len(recorded):
        yield _pair("number of messages", len(missing), len(recorded))
    for number, (message, recorded_message) in enumerate(zip(missing, recorded, strict=False), 1):
        if message["role"] != recorded_message["role"]:
            yield _pair(f"role of message {number}", message["role"], recorded_message["role"])
            return
        if message["content"] != recorded_message["content"]:
            index = first_difference(message["content"], recorded_message["content"])
            yield (
                f"message {number} ({message['role']}) from character {index + 1} on:\n"
                f"- {_excerpt(recorded_message['content'], index)}\n+ {_excerpt(message['content'], index)}"
            )
            return


def _excerpt(text: str, index: int) -> str:
    start, end = max(0, index - _BEFORE), index + _AFTER
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}".replace("\n", "\\n")
