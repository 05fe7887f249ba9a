"""`pattern`: the output matches a regular expression."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..types import Ask, Sample, Score
from .extract import MOST, compile_regex


@dataclass(frozen=True)
class Pattern:
    """1 where the expression is found (with `full`: matches the whole stripped output), else 0.

    Where the expression has a group and the sample a target, the group's text must also equal
    a target.
    """

    _: KW_ONLY
    pattern: Any
    full: bool = False
    ignore_case: bool = False
    name: str = field(default="pattern", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(default=False, init=False)
    _regex: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        flags = re.IGNORECASE if self.ignore_case else re.NOFLAG
        object.__setattr__(self, "_regex", compile_regex("pattern", "pattern", self.pattern, flags=flags))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The first group of the match, or the match."""
        found = self._match(output)
        if found is None:
            return None
        text: str | None = found.group(1) if self._regex.groups else found.group(0)
        return None if text is None else text.strip()

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1 or 0."""
        text = self.parse(output, sample)
        if text is None:
            return Score(value=0.0, explanation=f"{self.pattern!r} does not match")
        compared = bool(self._regex.groups and sample.targets)
        right = not compared or text in {target.strip() for target in sample.targets}
        return Score(value=float(right), answer=text)

    def _match(self, output: str) -> re.Match[str] | None:
        text = output[:MOST]
        return self._regex.fullmatch(text.strip()) if self.full else self._regex.search(text)
