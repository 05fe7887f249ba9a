"""`exact`: the answer equals an accepted target, character by character."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import TARGET_DECIDES
from .extract import WHOLE, Extract
from .messages import compared, no_target, not_found
from .text_normalization import one_line, plain_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Exact:
    """Scores 1 if the stripped answer equals any of the sample's targets, else 0.

    Targets are normalized like the answer (stripped, and by `strip_final_dot`), so that a
    target that ends in a dot can still match. Composed and decomposed letters are the same
    characters (both are compared in NFC); every other difference counts unless a parameter says
    otherwise.
    """

    extract: Extract = WHOLE
    ignore_case: bool = False
    ignore_punctuation: bool = False  # every Unicode punctuation mark, minus and decimal point included
    normalize: bool = False  # as `text_normalization`: quotes, dashes, white space, invisible characters, emphasis

    name = "exact"
    capabilities = TARGET_DECIDES
    version = "2"
    pass_score = 1.0
    needs_target = True

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the answer as it is compared, or None if the extract rule finds none."""
        answer = self.extract.apply(output)
        return None if answer is None else self._fold(answer) or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1 or 0; unscored without a target."""
        if not sample.targets:
            return no_target()
        targets = [self._fold(self.extract.normalize(target)) for target in sample.targets]
        answer = self.parse(output, sample)
        if answer is None:
            return not_found("found no answer", sample.targets)
        return compared(answer, targets, answer in targets)

    def _fold(self, text: str) -> str:
        text = plain_text(text) if self.normalize else unicodedata.normalize("NFC", text)
        if self.ignore_punctuation:
            text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
        if self.ignore_case:
            text = text.casefold()
        if self.normalize or self.ignore_punctuation:
            text = one_line(text)  # removing a mark between two spaces leaves both
        return unicodedata.normalize("NFC", text)
