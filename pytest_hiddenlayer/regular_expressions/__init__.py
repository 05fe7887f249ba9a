"""Regular expressions of task files: Python's syntax, with a deadline.

Python's own engine cannot be interrupted, and `(a+)+$` can take it years. The library `regex` stops at a
deadline, but not while it compiles, nor in every search, and it may take gigabytes. So only expressions that
are simple enough are searched here, for a moment; all others in a process that is killed at its limits. Only
what `re` accepts is accepted, and it means the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from ..errors import UsageError
from ..limited_process.client import LimitedProcess, LimitExceededError, ProcessFailedError
from .harmless import is_harmless

DEADLINE_S = 1.0
"""Processor time of one search."""
MAX_PATTERN = 10_000
"""Characters of a regular expression."""
QUICK_S = 0.1
"""Computing time of one search in this process."""
MAX_HARMLESS_TEXT = 200_000
"""Characters of a text that is searched in this process."""
MEMORY_MB = 1024
PROCESS = LimitedProcess("pytest_hiddenlayer.regular_expressions.worker", cpu_s=DEADLINE_S, memory_mb=MEMORY_MB)
"""Searches with the other expressions."""

# A brace that starts no quantifier is a character for `re`, and more than that for `regex`.
_TOKEN = re.compile(
    r"\\N\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?:\d+(?:,\d*)?|,\d*)\}|(?P<brace>\{)|.", re.DOTALL
)


class Match(Protocol):
    """What was found: its text and position, and those of its groups, as in `re.Match`."""

    def __getitem__(self, group: int, /) -> str | Any:
        """The text of a group, 0 for all; None if it took no part."""
        ...

    def groups(self) -> tuple[str | Any, ...]:
        """The texts of all groups."""
        ...

    def start(self, group: int = 0, /) -> int:
        """Where a group begins."""
        ...

    def end(self, group: int = 0, /) -> int:
        """Where a group ends."""
        ...

    def span(self, group: int = 0, /) -> tuple[int, int]:
        """Where a group begins and ends."""
        ...


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """A match that the process of searches found."""

    text: str
    spans: Sequence[tuple[int, int]]

    def __getitem__(self, group: int) -> str | Any:
        start, end = self.spans[group]
        return None if start < 0 else self.text[start:end]

    def groups(self) -> tuple[str | Any, ...]:
        return tuple(self[group] for group in range(1, len(self.spans)))

    def start(self, group: int = 0) -> int:
        return self.spans[group][0]

    def end(self, group: int = 0) -> int:
        return self.spans[group][1]

    def span(self, group: int = 0) -> tuple[int, int]:
        return self.start(group), self.end(group)


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled regular expression. Every search raises TimeoutError at a limit."""

    pattern: str
    groups: int
    flags: int
    _compiled: Any  # None: it is compiled in the process of searches

    def search(self, text: str) -> Match | None:
        """Return the first match, or None."""
        return next(iter(self._run("search", text)), None)

    def fullmatch(self, text: str) -> Match | None:
        """Return the match of the whole text, or None."""
        return next(iter(self._run("fullmatch", text)), None)

    def find_all(self, text: str) -> list[Match]:
        """Return all matches that do not overlap, in order."""
        return self._run("finditer", text)

    def _run(self, method: str, text: str) -> list[Match]:
        if self._compiled is not None and len(text) <= MAX_HARMLESS_TEXT:
            try:
                found = getattr(self._compiled, method)(text, timeout=QUICK_S)
                return list(found) if method == "finditer" else [] if found is None else [found]
            except TimeoutError:
                pass  # rare: the process has more time
        try:
            matches = _in_process(method, self.pattern, self.flags, text)
        except LimitExceededError as error:
            raise TimeoutError(
                f"the regular expression {_shown(self.pattern)} {_stopped(error)} on a text of "
                f"{len(text)} characters; write it so that each character can match in one way only"
            ) from None
        return [FoundMatch(text, [(start, end) for start, end in spans]) for spans in matches]


@lru_cache(maxsize=512)
def compile_regex(pattern: str, flags: int = 0) -> Regex:
    """Return the compiled pattern. Raises UsageError with the position of the error."""
    if len(pattern) > MAX_PATTERN:
        raise UsageError(f"a regular expression of {len(pattern)} characters is too long; at most {MAX_PATTERN}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of `[[a]`: a later version may read it as a nested set
            groups = re.compile(pattern, flags).groups
            if is_harmless(pattern, flags):
                return Regex(pattern, groups, flags, compiled(pattern, flags))
        _in_process("compile", pattern, flags, "")
        return Regex(pattern, groups, flags, None)
    except LimitExceededError as error:
        raise UsageError(
            f"pattern {_shown(pattern)} {_stopped(error)}; write smaller numbers of repetitions"
        ) from error
    except (re.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise UsageError(f"pattern {_shown(pattern)} is not a regular expression: {error}") from error
    except RuntimeError as error:
        raise UsageError(f"pattern {_shown(pattern)} cannot be checked: {error}") from error


def _in_process(method: str, pattern: str, flags: int, text: str) -> list[list[tuple[int, int]]]:
    """Return the spans of each match. Raises LimitExceededError, ValueError, RuntimeError if there is no process."""
    PROCESS.cpu_s = DEADLINE_S
    try:
        response = PROCESS.ask(method, pattern, int(flags), text)
    except ProcessFailedError as error:
        raise RuntimeError(str(error)) from error
    if isinstance(response, str):
        raise ValueError(response)
    matches: list[list[tuple[int, int]]] = response
    return matches


def _stopped(error: LimitExceededError) -> str:
    return f"was stopped after {DEADLINE_S:g} s" if "longer" in str(error) else str(error)


def compiled(pattern: str, flags: int) -> Any:
    """Return the pattern compiled by `regex`. Raises ValueError if `regex` refuses it."""
    import regex

    try:
        return regex.compile(_as_re(pattern), flags)
    except regex.error as error:
        raise ValueError(str(error)) from error


def _as_re(pattern: str) -> str:
    """Return the pattern for `regex` that means what `pattern` means for `re`."""
    return _TOKEN.sub(lambda token: r"\{" if token["brace"] else token[0], pattern)


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 80 else f"{pattern[:79]}…")
