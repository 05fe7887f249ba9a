"""Where in an output the answer stands: the `extract` rules that every matching scorer shares.

    extract: {marker: "answer is ", take: last, pattern: '(\\d+)', strip_final_dot: true}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError, did_you_mean

MOST = 100_000
"""Characters of an output that are looked at: a runaway answer must not make a regex run away."""
_KEYS = ("marker", "pattern", "take", "strip_final_dot")


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """How to find the answer's text in an output."""

    marker: str | None = None  # the text after it; the whole text where it is absent
    pattern: re.Pattern[str] | None = None  # then the one group of its first or last match
    take: str = "last"  # first or last occurrence of marker and match
    strip_final_dot: bool = False  # exactly one

    def __call__(self, output: str) -> str | None:
        """The answer's text, stripped; None where the pattern does not match."""
        text = output[-MOST:] if self.take == "last" else output[:MOST]
        if self.marker is not None:
            at = text.find(self.marker) if self.take == "first" else text.rfind(self.marker)
            text = text if at < 0 else text[at + len(self.marker) :]
        if self.pattern is not None:
            found = [match.group(1) for match in self.pattern.finditer(text) if match.group(1) is not None]
            if not found:
                return None
            text = found[0] if self.take == "first" else found[-1]
        text = text.strip()
        return text[:-1].strip() if self.strip_final_dot and text.endswith(".") else text


def extract_from(scorer: str, value: Any) -> Extract:
    """The rules as they were written in a task file. Raises UsageError."""
    if value is None:
        return Extract()
    if isinstance(value, Extract):
        return value
    if not isinstance(value, Mapping):
        raise UsageError(f"scorer {scorer!r}: extract={value!r}; a mapping of {', '.join(_KEYS)} is needed")
    for key in value:
        if key not in _KEYS:
            raise UsageError(
                f"scorer {scorer!r}: extract has no {key!r}{did_you_mean(str(key), _KEYS)} (it has: {', '.join(_KEYS)})"
            )
    take = value.get("take", "last")
    if take not in ("first", "last"):
        raise UsageError(f"scorer {scorer!r}: extract.take={take!r}; write first or last")
    marker, dot = value.get("marker"), value.get("strip_final_dot", False)
    if not (marker is None or (isinstance(marker, str) and marker)):
        raise UsageError(f"scorer {scorer!r}: extract.marker={marker!r}; a text is needed")
    if not isinstance(dot, bool):
        raise UsageError(f"scorer {scorer!r}: extract.strip_final_dot={dot!r}; write true or false")
    pattern = value.get("pattern")
    compiled = None if pattern is None else compile_regex(scorer, "extract.pattern", pattern, groups=1)
    return Extract(marker=marker, pattern=compiled, take=take, strip_final_dot=dot)


def compile_regex(
    scorer: str, field: str, pattern: Any, *, groups: int | None = None, flags: re.RegexFlag = re.NOFLAG
) -> re.Pattern[str]:
    """A compiled regular expression. Raises UsageError where it is none, or has not so many groups."""
    if not isinstance(pattern, str):
        raise UsageError(f"scorer {scorer!r}: {field}={pattern!r}; a regular expression is needed")
    try:
        compiled = re.compile(pattern, flags)
    except re.error as error:
        raise UsageError(f"scorer {scorer!r}: {field}={pattern!r} is no regular expression: {error}") from error
    if groups is not None and compiled.groups != groups:
        raise UsageError(
            f"scorer {scorer!r}: {field}={pattern!r} has {compiled.groups} groups; exactly {groups} is needed"
        )
    return compiled
