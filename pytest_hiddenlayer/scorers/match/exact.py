"""`exact`: the answer is, character by character, an accepted one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ...protocols import Ask
from ...types import Sample, Score
from .extract import WHOLE, Extract
from .messages import compared, no_target, not_found


@dataclass(frozen=True, kw_only=True, slots=True)
class Exact:
    """1 where the stripped answer equals any of the sample's targets, else 0.

    Targets are tidied as the answer is (stripped, and by `strip_final_dot`), so that a
    target which ends in a dot can still be met.
    """

    extract: Extract = WHOLE
    ignore_case: bool = False
    ignore_punctuation: bool = False  # every Unicode punctuation mark, the minus and decimal point too
    normalize: bool = False  # Unicode NFC, and any run of white space is one space

    name = "exact"
    version = "1"
    pass_score = 1.0
    needs_target = True

    def parse(self, output: str, sample: Sample) -> str | None:
        """The answer as it is compared; None where the extract rule finds none."""
        answer = self.extract.apply(output)
        return None if answer is None else self._fold(answer) or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0, or unscored without a target."""
        if not sample.targets:
            return no_target()
        targets = [self._fold(self.extract.normalize(target)) for target in sample.targets]
        answer = self.parse(output, sample)
        if answer is None:
            return not_found("found no answer", sample.targets)
        return compared(answer, targets, answer in targets)

    def _fold(self, text: str) -> str:
        if self.ignore_punctuation:
            text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
        if self.ignore_case:
            text = text.casefold()
        if self.normalize or self.ignore_punctuation:
            text = " ".join(text.split())  # a mark between two spaces leaves two
        return unicodedata.normalize("NFC", text) if self.normalize else text
