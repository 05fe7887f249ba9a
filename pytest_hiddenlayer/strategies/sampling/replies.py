"""Reads the numbers with which a model chooses or rates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...completions.finish_reasons import ended_normally
from ...protocols import Context
from ...types import Completion
from ..alternatives import last_choice
from .candidates import Candidate

_NOUN = r"(?:response|candidate|answer|solution|option|number|no\.?|nr\.?)"
_CHOICE = re.compile(
    rf"\b(?:choice|best|most consistent)\b(?:\s+{_NOUN})?\W{{0,12}}(?:is\b\W{{0,6}})?(?:{_NOUN}\W{{0,6}})?"
    r"(?P<number>\d{1,6})(?![\w%]|[.,]\d)"
)
_AFTER_CHOICE = re.compile(r"\W{0,8}(?:\band\b|\bor\b|/|,|&)\W{0,8}(?:response\W{0,6})?\d")
_RESPONSE = re.compile(r"\bresponse\W{0,6}(?P<number>\d{1,6})(?![\w%]|[.,]\d)")
_ALONE = re.compile(r"\W*(?P<number>\d{1,6})\W*")
_VALUE = r"(?P<number>\d{1,3}(?:\.\d{1,3})?)"
_OF_TEN = r"(?:\s*(?:/|out of)\s*10\b)?"
_BRACKETS = re.compile(rf"\[\[\s*{_VALUE}\s*\]\]")
_RATING = re.compile(
    rf"\b(?:rating|score)\b\W{{0,12}}(?:is\b\W{{0,6}}|of\b\W{{0,6}})?{_VALUE}{_OF_TEN}"
    r"(?!\w|%|[.,]\d|\s*(?:/|out of|-|–|to)\s*\d)"
)
_ONLY_RATING = re.compile(rf"[\s*_`(\[\"']*{_VALUE}{_OF_TEN}[\s*_`)\]\"'.!]*")


def read_choice(completion: Completion, n_options: int) -> int | None:
    """Returns the number from 1 to `n_options` that a reply chooses; None if it cannot be read.

    The last `Choice: 2` or `the best is response 2` decides, then a reply that is only a number, then the
    only response that is mentioned (`Response 2 agrees with most.`). Two numbers, one outside the range, and a
    reply that did not end normally cannot be read.
    """
    if not ended_normally(completion.finish_reason):
        return None
    text = completion.text.casefold()
    marked = list(_CHOICE.finditer(text))[-1:]
    if marked and last_choice(_CHOICE, text) is None:
        return None
    if not marked and (alone := _ALONE.fullmatch(text)):
        marked = [alone]
    chosen = marked or list(_RESPONSE.finditer(text))
    several = any(_AFTER_CHOICE.match(text, match.end()) for match in chosen)
    numbers = set() if several else {int(match["number"]) for match in chosen}
    number = numbers.pop() if len(numbers) == 1 else None
    return number if number is not None and 1 <= number <= n_options else None


def read_pick(context: Context, reply: Completion, candidates: Sequence[Candidate]) -> Candidate | None:
    """Returns the candidate that a reply chooses by its number or its answer; None if it cannot be read.

    A reply without a number of a response may name an answer (`The most consistent answer is 203.`): it
    chooses the first candidate that gave this answer, as the task's headline scorer reads both. A reply
    that is only a number, and could be the number of one candidate and the answer of another, is not read.
    """
    if not ended_normally(reply.finish_reason):
        return None
    number, named = read_choice(reply, len(candidates)), context.parse(reply.text)
    by_answer = next((c for c in candidates if named is not None and context.parse(c.text) == named), None)
    if number is None:
        return None if _mentions(reply.text, len(candidates)) else by_answer
    by_number = candidates[number - 1]
    if by_answer is None or not _ALONE.fullmatch(reply.text) or context.parse(by_number.text) == named:
        return by_number
    return None


def _mentions(text: str, n_options: int) -> bool:
    """Whether a reply mentions a response by its number, as a choice or otherwise."""
    matches = (*_CHOICE.finditer(text.casefold()), *_RESPONSE.finditer(text.casefold()))
    return any(1 <= int(match["number"]) <= n_options for match in matches)


def read_rating(completion: Completion, low: float, high: float) -> float | None:
    """Returns the rating from `low` to `high` that a reply gives; None if it cannot be read.

    The last `Rating: 7` decides (also `7/10`, `7 out of 10`, `score` and `[[7]]`), else a reply that is only a
    number. A number in a sentence is no rating: it may be an answer to the task.
    """
    if not ended_normally(completion.finish_reason):
        return None
    text = completion.text.casefold()
    pattern = _BRACKETS if _BRACKETS.search(text) else _RATING
    match = last_choice(pattern, text) if pattern.search(text) else _ONLY_RATING.fullmatch(text)
    value = float(match["number"]) if match else None
    return value if value is not None and low <= value <= high else None
