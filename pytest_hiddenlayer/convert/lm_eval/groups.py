"""Regular expressions of several groups as equal ones with a single group.

The harness takes the first group that is not empty. A rule of this project has one group, so the first
group must take part in every match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import UsageError
from ...regular_expressions import compile_regex

_REFERENCE = re.compile(r"\\[1-9]|\(\?P[=<]|\(\?\(")
_OPTIONAL = re.compile(r"[?*]|\{0?,|\{0\}")


def one_group(pattern: str) -> str:
    """Return an equal pattern with one group. Raises UsageError, or ValueError if there is none."""
    groups = compile_regex(pattern).groups
    if groups == 1:
        return pattern
    if groups == 0:
        return f"({pattern})"
    if _REFERENCE.search(pattern) is None:
        branches = list(_branches(pattern))
        is_group = [_first_group(branch) == (0, len(branch)) for branch in branches]
        if len(branches) > 1 and all(is_group):
            return _checked("(" + "|".join(_uncaptured(branch) for branch in branches) + ")")
        first = _first_group(pattern) if len(branches) == 1 else None
        if first is not None and not _OPTIONAL.match(pattern, first[1]):
            start, end = first
            inside = f"({_uncaptured(pattern[start + 1 : end - 1])})"
            return _checked(_uncaptured(pattern[:start]) + inside + _uncaptured(pattern[end:]))
    raise ValueError(f"its regular expression has {groups} groups, of which one cannot be chosen")


def _checked(pattern: str) -> str:
    if compile_regex(pattern).groups != 1:
        raise UsageError(f"pattern {pattern!r} has not one group")
    return pattern


def _marks(pattern: str) -> Iterator[tuple[int, str]]:
    """Yield the parentheses and bars of a pattern that are no characters, with their places."""
    in_set, index = False, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "\\":
            index += 1
        elif in_set:
            in_set = character != "]"
        elif character == "[":
            in_set = True
            index += 1 + (pattern[index + 1 : index + 2] == "^")  # a first ] is a character
            continue
        elif character in "()|":
            yield index, character
        index += 1


def _branches(pattern: str) -> Iterator[str]:
    """Split at the bars outside of groups."""
    depth, start = 0, 0
    for index, mark in _marks(pattern):
        depth += {"(": 1, ")": -1, "|": 0}[mark]
        if mark == "|" and depth == 0:
            yield pattern[start:index]
            start = index + 1
    yield pattern[start:]


def _first_group(pattern: str) -> tuple[int, int] | None:
    """Return start and end of the first capturing group, if it is not inside another group."""
    depth, start = 0, None
    for index, mark in _marks(pattern):
        if mark == "(":
            if start is None and not pattern.startswith("(?", index):
                if depth:
                    return None
                start = index
            depth += 1
        elif mark == ")":
            depth -= 1
            if start is not None and depth == 0:
                return start, index + 1
    return None


def _uncaptured(pattern: str) -> str:
    """Return the pattern with every capturing group as one that captures nothing."""
    places = [i for i, mark in _marks(pattern) if mark == "(" and not pattern.startswith("(?", i)]
    for index in reversed(places):
        pattern = f"{pattern[:index]}(?:{pattern[index + 1 :]}"
    return pattern
