"""`exact`: the answer is one of the targets, character for character."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..types import Ask, Sample, Score
from .extract import Extract, extract_from

_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Exact:
    """1 where the extracted, stripped text equals a target, else 0.

    Nothing else is normalized by default: `ignore_case`, `ignore_punctuation` and `normalize`
    (Unicode NFKC, white space collapsed) are asked for one by one.
    """

    _: KW_ONLY
    extract: Any = None
    ignore_case: bool = False
    ignore_punctuation: bool = False
    normalize: bool = False
    name: str = field(default="exact", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(default=True, init=False)
    _rules: Extract = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rules", extract_from("exact", self.extract))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The extracted text under the chosen normalization; None where nothing is left."""
        text = self._rules(output)
        return self._form(text) or None if text is not None else None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1 or 0; unscored without a target."""
        if not sample.targets:
            return Score(value=None, explanation="no target")
        text = self._rules(output)
        if text is None:
            return Score(value=0.0, explanation="extract.pattern found no answer")
        right = self._form(text) in {self._form(target.strip()) for target in sample.targets}
        return Score(value=float(right), answer=text)

    def _form(self, text: str) -> str:
        if self.normalize:
            text = " ".join(unicodedata.normalize("NFKC", text).split())
        if self.ignore_punctuation:
            text = text.translate(_PUNCTUATION).strip()
        return text.casefold() if self.ignore_case else text
