"""Cuts the answer out of an output: the `extract` parameter of a scorer.

Published results rest on such a rule. BIG-Bench-Hard's, for example, is
`{marker: "answer is ", take: first, strip_final_dot: true}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from ...errors import UsageError, did_you_mean
from ...parameters import WrittenParameter
from ...regular_expressions import compile_regex
from .text_normalization import strip_emphasis

MAX_CHARS = 100_000
"""Maximum number of characters of an output that a regular expression sees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract(WrittenParameter):
    """A rule that cuts the answer out of an output."""

    # The answer follows this text; without the marker the whole output counts. Emphasis does not hide a marker.
    marker: str | None = None
    take: Literal["first", "last"] = "last"  # which occurrence of the marker, match of the pattern, number
    pattern: str | None = None  # regular expression with exactly one group, applied to what follows the marker
    strip_final_dot: bool = False  # drop exactly one '.' at the end

    def __post_init__(self) -> None:
        if self.marker == "":
            raise UsageError("extract: marker is empty; leave it out to use the whole output")
        if self.pattern is not None and (groups := compile_regex(self.pattern).groups) != 1:
            raise UsageError(
                f"extract: pattern {self.pattern!r} needs exactly one group, found {groups}; "
                "put (…) around the answer and (?:…) around anything else"
            )

    @classmethod
    def from_param(cls, value: Any) -> Extract:
        """Returns the rule as a task file writes it; None takes the whole output. Raises UsageError."""
        if isinstance(value, Extract):
            return value
        if not isinstance(value, Mapping | None):
            raise UsageError(f"extract: expected a mapping such as {{marker: 'answer is '}}, got {value!r}")
        written = dict(value or {})
        for key, item in written.items():
            _check(key, item)
        return cls(**written)

    def apply(self, text: str) -> str | None:
        """Returns the stripped answer, or None if the pattern does not match or nothing is left."""
        if self.marker is not None:
            text = _after(text, self.marker, self.take)
        if self.pattern is not None:
            matches = compile_regex(self.pattern).find_all(truncate(text, self.take))
            answers = [match[1] for match in matches if match[1] is not None]
            if not answers:
                return None
            text = answers[0] if self.take == "first" else answers[-1]
        return self.normalize(text) or None

    def normalize(self, text: str) -> str:
        """Returns the stripped text, without its final dot if `strip_final_dot` is set."""
        text = text.strip()
        return text.removesuffix(".").strip() if self.strip_final_dot else text


WHOLE = Extract()
"""The whole output, stripped."""


def truncate(text: str, take: str) -> str:
    """Returns at most MAX_CHARS of the text, from the end at which the answer is searched."""
    return text[:MAX_CHARS] if take == "first" else text[-MAX_CHARS:]


_OPEN_HTML = re.compile(r"<(?:b|strong|i|em|u|mark|code)>[^<]*$", re.IGNORECASE)


def _after(text: str, marker: str, take: str) -> str:
    """The text after the marker, which emphasis may hide ('**Answer:** 5') or enclose ('**Answer: 5**')."""
    for spelling in (text, strip_emphasis(text)):
        before, separator, after = spelling.partition(marker) if take == "first" else spelling.rpartition(marker)
        if separator and not (spelling is text and _is_enclosed(before, after)):
            return after
    return text


def _is_enclosed(before: str, after: str) -> bool:
    """Whether emphasis begins before the marker and ends after the answer."""
    is_marked = any(before.count(mark) % 2 and after.count(mark) % 2 for mark in ("**", "__", "*", "_", "`"))
    return is_marked or _OPEN_HTML.search(before) is not None


def _check(key: str, value: Any) -> None:
    names = [field.name for field in fields(Extract)]
    if key not in names:
        raise UsageError(f"extract has no {key!r}{did_you_mean(str(key), names)} (it has: {', '.join(names)})")
    if key == "take" and value not in ("first", "last"):
        raise UsageError(f"extract: take must be first or last, got {value!r}")
    if key == "strip_final_dot" and not isinstance(value, bool):
        raise UsageError(f"extract: strip_final_dot must be true or false, got {value!r}")
    if key in ("marker", "pattern") and not isinstance(value, str | None):
        raise UsageError(f"extract: {key} must be text, got {value!r}; write it in quotes")
