"""Tells a choice from the alternatives that a prompt lists: small models repeat `Choice: 1 or Choice: 2`."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"[\W_]{0,20}(?:(?:or|and)[\W_]{0,20})?", re.IGNORECASE)
_NUMBER_BEHIND = re.compile(r"[\W_]{0,8}(?:\b(?:or|and)\b|/|\||&)[\W_]{0,8}\d", re.IGNORECASE)


def are_alternatives(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    """Returns whether nothing but signs, `or` or `and` is between two places of a text."""
    return _BETWEEN.fullmatch(text, first.end(), second.start()) is not None


def last_choice(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Returns the last place of a text that fits; None without one, or if it is one of several alternatives.

    The first group of the pattern is what is chosen. `Choice: 1 or Choice: 2` and `Choice: 1 or 2` choose nothing.
    """
    found = list(pattern.finditer(text))
    if not found or _NUMBER_BEHIND.match(text, found[-1].end()):
        return None
    if len(found) > 1 and found[-2][1] != found[-1][1] and are_alternatives(text, found[-2], found[-1]):
        return None
    return found[-1]
