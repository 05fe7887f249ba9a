"""The states of a tree of thoughts: how steps and ratings are read, and how states are ranked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..alternatives import last_choice
from .plan import parse_plan

State = tuple[str, ...]
"""The steps so far, in order."""
WEIGHTS = {"sure": 20.0, "likely": 1.0, "impossible": 0.001}
"""Word of a rating → its weight, as in the code of the paper."""
_RATING = re.compile(
    r"(?P<no>\b(?:not|never|isn't|isn’t|hardly)\s+(?:\w+\s+)?)?\b(?P<word>sure|likely|impossible)\b", re.I
)
_CHOICE = re.compile(r"\bchoice\b\W{0,6}(\d{1,4})\b", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:(?:a|the|first|second|third|fourth|fifth|next|another|possible|last)\s+)*(?:idea|step)\s*:\s+(?=\S)",
    re.IGNORECASE,
)
"""The words of the prompt's form, which small models repeat before a step."""
_ONLY_NUMBER = re.compile(r"\A\W*(\d{1,4})\W*\Z")


def read_thoughts(reply: str, limit: int, *, complete: bool) -> list[str]:
    """Returns at most `limit` next steps: the items of a list, or a reply without a list as one step.

    Of a reply that is not `complete` the last item may be cut off: it is left out.
    """
    items = parse_plan(reply) or [" ".join(reply.split())]
    return [_LABEL.sub("", item) for item in (items if complete else items[:-1]) if item][:limit]


def read_value(reply: str) -> float | None:
    """Returns the weight of a rating in words; None if the reply has none, several, or a negated one.

    The last line decides if it has a rating.
    """
    lines = [line for line in reply.splitlines() if line.strip()]
    for text in (lines[-1:], lines):
        found = list(_RATING.finditer("\n".join(text)))
        words = {match["word"].casefold() for match in found}
        if words:
            return WEIGHTS[words.pop()] if len(words) == 1 and not any(match["no"] for match in found) else None
    return None


def read_choice(reply: str, n: int) -> int | None:
    """Returns the index from 0 that `Choice: 2` names last, or a reply that is only a number; None if neither fits.

    A number in a sentence may be the answer to the task: it is no choice. Neither are the alternatives of the
    prompt, `Choice: 1 or Choice: 2`.
    """
    named = last_choice(_CHOICE, reply) or _ONLY_NUMBER.search(reply)
    number = int(named[1]) if named else 0
    return number - 1 if 1 <= number <= n else None


def distinct(states: Iterable[State]) -> list[State]:
    """Returns the states without repetitions, the first of equal ones; case and spaces do not matter."""
    first: dict[tuple[str, ...], State] = {}
    for state in states:
        first.setdefault(_key(state), state)
    return list(first.values())


def ranked(states: Sequence[State], values: Sequence[float | None]) -> list[State]:
    """Returns the states by value, highest first; unknown values last; ties by first seen."""
    order = sorted(range(len(states)), key=lambda i: _rank(values[i]))
    return [states[i] for i in order]


def _rank(value: float | None) -> tuple[bool, float]:
    return (True, 0.0) if value is None else (False, -value)


def _key(state: State) -> tuple[str, ...]:
    return tuple(" ".join(step.casefold().split()) for step in state)
