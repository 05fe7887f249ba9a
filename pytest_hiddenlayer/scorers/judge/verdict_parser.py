"""Parses the verdict in a judge's reply: in its marked format or in a JSON object, at any position, never guessed.

A reply with conflicting verdicts, or a verdict outside the scale, is unreadable. A verdict that
the judge only quotes from its prompt does not count, so that a candidate's text cannot judge itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import UsageError
from ...regular_expressions import Match, compile_regex
from ..match.extract import truncate
from .scale import Scale
from .verdict_objects import VerdictObject, verdict_objects

QUOTED_CHARS = 20
"""Characters before a verdict that are compared: if the prompt contains them and the verdict, it is a quotation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedVerdict:
    """The result of parsing one reply."""

    verdict: str | None  # canonical; None: unreadable, and `why` says why
    why: str = ""
    start: int | None = None  # index of the (last) verdict in the reply


@dataclass(frozen=True, kw_only=True, slots=True)
class VerdictFormat:
    """A scale and the regular expression whose single group matches its verdicts."""

    scale: Scale
    pattern: str

    @classmethod
    def from_param(cls, scale: Scale, written: str | None) -> VerdictFormat:
        """Returns the format that a task file writes.

        `[[A]]`, `[[rating]]` or None is a verdict in double brackets; anything else is a regular
        expression. Raises UsageError if it does not have exactly one group.
        """
        if written is None or re.fullmatch(r"\[\[\w+\]\]", written):
            return cls(scale=scale, pattern=scale.verdict_pattern)
        if (groups := compile_regex(written).groups) != 1:
            raise UsageError(
                f"verdict: pattern {written!r} needs exactly one group, found {groups}; "
                "write [[A]], [[rating]], or put (…) around the verdict"
            )
        return cls(scale=scale, pattern=written)

    @property
    def is_custom(self) -> bool:
        """Whether the pattern is other than a verdict of the scale in double brackets."""
        return self.pattern != self.scale.verdict_pattern

    def parse(self, reply: str, prompt_text: str = "") -> ParsedVerdict:
        """Returns the single verdict of a reply to the prompt `prompt_text`."""
        whole = len(reply)
        reply = truncate(reply, "last")
        cut = whole - len(reply)
        objects = self._objects(reply, _normalize(prompt_text))
        fields = [field for item in objects for value in item.values if (field := self._field(value)) is not None]
        matches = self._matches(reply, prompt_text)
        texts = [*fields, *(text for text, _ in matches)]
        verdicts = {text: self.scale.canonical(text) for text in texts}
        if outside := [text for text, verdict in verdicts.items() if verdict is None]:
            why = f"the judge's verdict {outside[0]!r} is not {self.scale.description}"
            return ParsedVerdict(verdict=None, why=why)
        distinct = sorted(set(filter(None, verdicts.values())))
        if len(distinct) != 1:
            why = f"several verdicts: {', '.join(distinct)}" if distinct else "no verdict in the judge's reply"
            return ParsedVerdict(verdict=None, why=why)
        start = objects[-1].value_start if fields else matches[-1][1]
        return ParsedVerdict(verdict=distinct[0], start=None if start is None else cut + start)

    def _objects(self, reply: str, prompt_text: str) -> list[VerdictObject]:
        """The objects with a verdict that are not quotations of the (normalized) prompt."""
        if _normalize(reply) in prompt_text:
            return []
        return [item for item in verdict_objects(reply) if not _is_quoted_object(reply, item, prompt_text)]

    def _field(self, value: str | bool) -> str | None:
        """The text of a field's value; None for a truth value on a scale without yes and no."""
        if str(value).casefold() in ("true", "false"):  # also as Python writes them, and in quotes
            label = "yes" if str(value).casefold() == "true" else "no"
            return label if label in self.scale.labels else None
        return str(value)

    def _matches(self, reply: str, prompt_text: str) -> list[tuple[str, int]]:
        """(text, index) of every verdict that is not a quotation."""
        prompt_text = _normalize(prompt_text)
        return [
            (match[1], match.start(1))
            for match in compile_regex(self.pattern).find_all(reply)
            if match[1] is not None and not _is_quoted(reply, match, prompt_text)
        ]


def _is_quoted(reply: str, match: Match, prompt_text: str) -> bool:
    before = _normalize(reply[: match.start()])[-QUOTED_CHARS:]
    return len(before) == QUOTED_CHARS and f"{before}{_normalize(match[0])}" in prompt_text


def _is_quoted_object(reply: str, item: VerdictObject, prompt_text: str) -> bool:
    """Whether the prompt contains an object, either with the characters before it or because it is long."""
    before, text = _normalize(reply[: item.start])[-QUOTED_CHARS:], _normalize(reply[item.start : item.end])
    is_long = len(text) >= 2 * QUOTED_CHARS
    return text in prompt_text and (is_long or (len(before) == QUOTED_CHARS and f"{before}{text}" in prompt_text))


def _normalize(text: str) -> str:
    """Without white space and case, because quotations are rewrapped and recapitalized."""
    return "".join(text.split()).casefold()
