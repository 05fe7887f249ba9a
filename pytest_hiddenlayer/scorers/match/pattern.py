"""`pattern`: a regular expression matches the output."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ...protocols import Ask
from ...regular_expressions import Match, Regex, compile_regex
from ...types import Sample, Score
from .extract import truncate
from .messages import compared, not_found, show
from .text_normalization import unify_characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """Scores 1 if the stripped output contains a match of the regular expression, else 0.

    If the expression has a group and the sample has targets, the first group that took part
    must also equal one of them; quotes, dashes and spaces that look alike are equal there, while
    the expression itself sees the text as written, in NFC. The text is truncated to
    `extract.MAX_CHARS`. A search that takes too long is an error of the sample, not a score
    (`regular_expressions`).
    """

    pattern: str
    full: bool = False  # the expression must match the whole stripped output
    ignore_case: bool = False
    multiline: bool = False  # ^ and $ also match at line ends

    name = "pattern"
    version = "2"
    pass_score = 1.0
    needs_target = False

    def __post_init__(self) -> None:
        self._compiled()

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the text of the first group, or of the match; if there is none, the output, or None with a group.

        An expression without a group says which outputs are right. If the others had no answer, a
        vote would ignore them, and one right sample of many would win.
        """
        match = self._match(output)
        if match is None:
            return None if self._compiled().groups else output.strip() or None
        groups = (group for group in match.groups() if group is not None)
        return next(groups, match[0]).strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1 or 0."""
        match, answer = self._match(output), self.parse(output, sample)
        if self._compiled().groups and sample.targets:
            if answer is None:
                return not_found(f"found no match of {show(self.pattern)}", sample.targets)
            folded = [self._fold(target.strip()) for target in sample.targets]
            return compared(answer, sample.targets, self._fold(answer) in folded)
        word = "matches" if match else "does not match"
        return Score(value=float(match is not None), answer=answer, explanation=f"{word} {show(self.pattern)}")

    def _match(self, output: str) -> Match | None:
        text = truncate(unicodedata.normalize("NFC", output.strip()), "first")
        return self._compiled().fullmatch(text) if self.full else self._compiled().search(text)

    def _compiled(self) -> Regex:
        flags = re.IGNORECASE * self.ignore_case | re.MULTILINE * self.multiline
        return compile_regex(unicodedata.normalize("NFC", self.pattern), flags)

    def _fold(self, text: str) -> str:
        text = unify_characters(text)
        return text.casefold() if self.ignore_case else text
