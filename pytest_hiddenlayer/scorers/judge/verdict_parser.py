"""The verdict in a judge's reply: in its marked form, wherever it stands, and never guessed.

Several different verdicts are none, one outside the scale is none, and a mark that the judge
only repeats from what it was shown does not count: what a candidate wrote cannot judge itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ...errors import UsageError
from ..match.extract import compile_regex, truncate
from .scale import Scale

BEFORE = 20
"""Characters before a mark that make it a quotation where they stand before the same mark in the prompt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedVerdict:
    """What was read in one reply."""

    verdict: str | None  # canonical; None: unreadable, and `why` says why
    why: str = ""
    at: int | None = None  # where the (last) verdict begins in the reply


@dataclass(frozen=True, kw_only=True, slots=True)
class VerdictFormat:
    """A scale and the regular expression that finds its verdicts, in the only group."""

    scale: Scale
    pattern: str

    @classmethod
    def from_param(cls, scale: Scale, written: str | None) -> VerdictFormat:
        """`[[A]]`, `[[rating]]` or nothing: the scale's own mark in double brackets; else a regular expression.

        Raises UsageError where that has not exactly one group.
        """
        if written is None or re.fullmatch(r"\[\[\w+\]\]", written):
            return cls(scale=scale, pattern=scale.mark)
        if (found := compile_regex(written).groups) != 1:
            raise UsageError(
                f"verdict: pattern {written!r} needs exactly one group, found {found}; "
                "write [[A]], [[rating]], or put (…) around the verdict"
            )
        return cls(scale=scale, pattern=written)

    @property
    def own(self) -> bool:
        """Whether the pattern is not the scale's mark in double brackets."""
        return self.pattern != self.scale.mark

    def read(self, reply: str, shown: str = "") -> ParsedVerdict:
        """The one verdict of a reply to the prompt `shown`."""
        field = None if _plain(reply) in _plain(shown) else _json_verdict(reply)
        found = list(self._marks(reply, shown))
        said = [text for text, _ in found] if field is None else [field, *(text for text, _ in found)]
        verdicts = {text: self.scale.canonical(text) for text in said}
        if off := [text for text, verdict in verdicts.items() if verdict is None]:
            return ParsedVerdict(verdict=None, why=f"the judge's verdict {off[0]!r} is not {self.scale.said}")
        distinct = sorted(set(filter(None, verdicts.values())))
        if len(distinct) != 1:
            why = f"several verdicts: {', '.join(distinct)}" if distinct else "no verdict in the judge's reply"
            return ParsedVerdict(verdict=None, why=why)
        return ParsedVerdict(verdict=distinct[0], at=found[-1][1] if field is None else _json_place(reply))

    def _marks(self, reply: str, shown: str) -> list[tuple[str, int]]:
        """(text, offset) of every mark that is no quotation."""
        reply, shown = truncate(reply, "last"), _plain(shown)
        return [
            (match[1], match.start(1))
            for match in compile_regex(self.pattern).finditer(reply)
            if match[1] is not None and not _quoted(reply, match, shown)
        ]


def _json_verdict(reply: str) -> str | None:
    """The field `verdict` of a reply that is one JSON object, as structured output is."""
    if not reply.lstrip().startswith("{"):
        return None
    try:
        whole = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    verdict = whole.get("verdict")
    return str(verdict) if isinstance(verdict, str | int | float) and not isinstance(verdict, bool) else None


def _json_place(reply: str) -> int | None:
    found = list(re.finditer(r'"verdict"\s*:\s*"?', reply))
    return found[-1].end() if len(found) == 1 else None


def _quoted(reply: str, match: re.Match[str], shown: str) -> bool:
    before = _plain(reply[: match.start()])[-BEFORE:]
    return len(before) == BEFORE and f"{before}{_plain(match[0])}" in shown


def _plain(text: str) -> str:
    """Without white space and case: quotations are wrapped and capitalised anew."""
    return "".join(text.split()).casefold()
