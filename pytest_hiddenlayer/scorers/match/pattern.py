"""`pattern`: a regular expression matches the output."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...protocols import Ask
from ...types import Sample, Score
from .extract import compile_regex, truncate
from .messages import compared, not_found, show


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """1 where the regex is found in the stripped output, else 0.

    Where the regex has a group and the sample has targets, the first group that took part
    must equal one of them, too. The text is clipped (see `extract.MAX_CHARS`); a regex with
    nested repeats can hang, write it so that every character is matched in one way only.
    """

    pattern: str
    full: bool = False  # the regex must cover the whole stripped output
    ignore_case: bool = False
    multiline: bool = False  # ^ and $ also match at every line

    name = "pattern"
    version = "1"
    pass_score = 1.0
    needs_target = False

    def __post_init__(self) -> None:
        self._compiled()

    def parse(self, output: str, sample: Sample) -> str | None:
        """What the first group matched, without a group the whole match; None where nothing matches."""
        match = self._match(output)
        if match is None:
            return None
        taken = (group for group in match.groups() if group is not None)
        return next(taken, match[0]).strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1 or 0."""
        match, answer = self._match(output), self.parse(output, sample)
        if self._compiled().groups and sample.targets:
            if answer is None:
                return not_found(f"found no match of {show(self.pattern)}", sample.targets)
            folded = [self._fold(target.strip()) for target in sample.targets]
            return compared(answer, sample.targets, self._fold(answer) in folded)
        word = "matches" if match else "does not match"
        return Score(value=float(match is not None), answer=answer, explanation=f"{word} {show(self.pattern)}")

    def _match(self, output: str) -> re.Match[str] | None:
        text = truncate(output.strip(), "first")
        return self._compiled().fullmatch(text) if self.full else self._compiled().search(text)

    def _compiled(self) -> re.Pattern[str]:
        flags = re.IGNORECASE * self.ignore_case | re.MULTILINE * self.multiline
        return compile_regex(self.pattern, flags)

    def _fold(self, text: str) -> str:
        return text.casefold() if self.ignore_case else text
