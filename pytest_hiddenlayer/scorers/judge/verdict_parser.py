"""Parses the verdict in a judge's reply: in its marked format, at any position, never guessed.

A reply with conflicting verdicts, or a verdict outside the scale, is unreadable. A verdict that
the judge only quotes from its prompt does not count, so that a candidate's text cannot judge itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ...errors import UsageError
from ...regular_expressions import compile_regex
from ..match.extract import truncate
from .scale import Scale

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
        field = None if _normalize(reply) in _normalize(prompt_text) else _json_verdict(reply)
        matches = self._matches(reply, prompt_text)
        texts = [*([] if field is None else [field]), *(text for text, _ in matches)]
        verdicts = {text: self.scale.canonical(text) for text in texts}
        if outside := [text for text, verdict in verdicts.items() if verdict is None]:
            why = f"the judge's verdict {outside[0]!r} is not {self.scale.description}"
            return ParsedVerdict(verdict=None, why=why)
        distinct = sorted(set(filter(None, verdicts.values())))
        if len(distinct) != 1:
            why = f"several verdicts: {', '.join(distinct)}" if distinct else "no verdict in the judge's reply"
            return ParsedVerdict(verdict=None, why=why)
        return ParsedVerdict(verdict=distinct[0], start=matches[-1][1] if field is None else _json_start(reply))

    def _matches(self, reply: str, prompt_text: str) -> list[tuple[str, int]]:
        """(text, index) of every verdict that is not a quotation."""
        reply, prompt_text = truncate(reply, "last"), _normalize(prompt_text)
        return [
            (match[1], match.start(1))
            for match in compile_regex(self.pattern).find_all(reply)
            if match[1] is not None and not _is_quoted(reply, match, prompt_text)
        ]


def _json_verdict(reply: str) -> str | None:
    """The field `verdict` of a reply that is one JSON object, as in structured output."""
    if not reply.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    verdict = parsed.get("verdict")
    return str(verdict) if isinstance(verdict, str | int | float) and not isinstance(verdict, bool) else None


def _json_start(reply: str) -> int | None:
    keys = list(re.finditer(r'"verdict"\s*:\s*"?', reply))
    return keys[-1].end() if len(keys) == 1 else None


def _is_quoted(reply: str, match: re.Match[str], prompt_text: str) -> bool:
    before = _normalize(reply[: match.start()])[-QUOTED_CHARS:]
    return len(before) == QUOTED_CHARS and f"{before}{_normalize(match[0])}" in prompt_text


def _normalize(text: str) -> str:
    """Without white space and case, because quotations are rewrapped and recapitalized."""
    return "".join(text.split()).casefold()
