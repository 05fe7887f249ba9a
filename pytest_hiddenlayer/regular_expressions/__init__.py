"""Regular expressions of task files: Python's syntax, with a deadline.

Python's own engine cannot be interrupted, and `(a+)+$` takes it longer than a lifetime for some
texts. The library `regex` stops at a deadline. Only what `re` accepts is accepted, and it means
the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from ..errors import UsageError

DEADLINE_S = 1.0
"""Computing time of one search."""
MAX_PATTERN = 10_000
"""Characters of a regular expression."""

# A brace that starts no quantifier is a character for `re`, and more than that for `regex`.
_TOKEN = re.compile(
    r"\\N\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?:\d+(?:,\d*)?|,\d*)\}|(?P<brace>\{)|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled regular expression. Every search raises TimeoutError at the deadline."""

    pattern: str
    groups: int
    _compiled: Any

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match, or None."""
        return cast("re.Match[str] | None", self._run("search", text))

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the match of the whole text, or None."""
        return cast("re.Match[str] | None", self._run("fullmatch", text))

    def find_all(self, text: str) -> list[re.Match[str]]:
        """Return all matches that do not overlap, in order."""
        return cast("list[re.Match[str]]", self._run("finditer", text))

    def _run(self, method: str, text: str) -> Any:
        try:
            found = getattr(self._compiled, method)(text, timeout=DEADLINE_S)
            return list(found) if method == "finditer" else found
        except TimeoutError:
            raise TimeoutError(
                f"the regular expression {_shown(self.pattern)} was stopped after {DEADLINE_S:g} s on a text of "
                f"{len(text)} characters; write it so that each character can match in one way only"
            ) from None


@lru_cache(maxsize=512)
def compile_regex(pattern: str, flags: int = 0) -> Regex:
    """Return the compiled pattern. Raises UsageError with the position of the error."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise UsageError(f"a regular expression of {len(pattern)} characters is too long; at most {MAX_PATTERN}")
    try:
        groups = re.compile(pattern, flags).groups
        compiled = regex.compile(_as_re(pattern), flags)
    except (re.error, regex.error, OverflowError, RecursionError, FutureWarning) as error:
        raise UsageError(f"pattern {_shown(pattern)} is not a regular expression: {error}") from error
    return Regex(pattern, groups, compiled)


def _as_re(pattern: str) -> str:
    """Return the pattern for `regex` that means what `pattern` means for `re`."""
    return _TOKEN.sub(lambda token: r"\{" if token["brace"] else token[0], pattern)


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 80 else f"{pattern[:79]}…")
