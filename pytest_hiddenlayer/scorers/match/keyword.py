"""`keyword`: the output contains expected words, as whole words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import TARGET_DECIDES
from .extract import WHOLE, Extract
from .messages import listed, no_target, show
from .text_match import has_word
from .text_normalization import one_line, plain_text

_LEAD_IN = re.compile(
    r"(?:(?:so|the|my|final|correct) )*(?:answer(?: is\b|:)|it is\b|it's\b):?\s*(?=\S)", re.IGNORECASE
)
"""What precedes a short answer without being part of it, so that 'It is Lima.' and 'Lima' are one vote."""
_OPENING, _CLOSING = "\"'([", ".,;:!?\"')]"
_FINAL = ".,;:!?\"')]*_` "
"""What may follow the last word of an output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyword:
    """Scores 1 if the output contains any keyword; with `require_all` the share of keywords it contains.

    It looks for words, not for their meaning: "not Lima" contains Lima. `text_match` says what a
    whole word is, `text_normalization` which spellings are equal. With another `match`, the output
    contains, begins or ends with the keyword's characters as written. The answer is the output's text,
    not the keywords found: a vote over answers must not know which words are correct.
    """

    require_all: bool = False
    ignore_case: bool = True
    match: Literal["word", "text", "start", "end"] = "word"  # others: characters as written, also inside a word
    keywords: tuple[str, ...] | None = None  # None: the sample's targets
    extract: Extract = WHOLE

    name = "keyword"
    capabilities = TARGET_DECIDES
    version = "2"
    pass_score = 1.0

    def __post_init__(self) -> None:
        if self.keywords is not None and not all(word.strip() for word in self.keywords or [""]):
            raise UsageError(f"keywords must be a list of non-empty words, got {list(self.keywords)!r}")

    @property
    def needs_target(self) -> bool:
        """Whether the keywords come from the sample."""
        return self.keywords is None

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the text that the keywords are looked for in, in a canonical spelling; None if it is empty.

        It does not depend on the keywords, nor on the target.
        """
        text = one_line(plain_text(self.extract.apply(output) or ""))
        lead_in = _LEAD_IN.match(text)
        text = text[lead_in.end() if lead_in else 0 :].lstrip(_OPENING).rstrip(_CLOSING)
        return (text.casefold() if self.ignore_case else text) or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the score; unscored if neither the task nor the sample names a keyword."""
        keywords = self._keywords(sample)
        if not keywords:
            return no_target()
        contained = self._contained(output, sample)
        missing = [word for word in keywords if word not in contained]
        answer = self.parse(output, sample)
        if self.require_all and missing:
            names = ", ".join(map(show, missing))
            return Score(value=len(contained) / len(keywords), answer=answer, explanation=f"missing: {names}")
        if not contained:
            return Score(value=0.0, answer=answer, explanation=f"expected {listed(keywords)}, found none of them")
        return Score(value=1.0, answer=answer, explanation=f"found {', '.join(map(show, contained))}")

    def _keywords(self, sample: Sample) -> list[str]:
        keywords = sample.targets if self.keywords is None else self.keywords
        return list(dict.fromkeys(filter(str.strip, keywords)))

    def _contained(self, output: str, sample: Sample) -> list[str]:
        text = self.extract.apply(output) or ""
        return [word for word in self._keywords(sample) if self._has(text, word)]

    def _has(self, text: str, word: str) -> bool:
        if self.match == "word":
            return has_word(text, word, ignore_case=self.ignore_case)
        text, word = self._as_written(text), self._as_written(word)
        if self.match == "start":
            return text.startswith(word)
        if self.match == "end":
            return text.endswith(word) or text.rstrip(_FINAL).endswith(word.rstrip(_FINAL))
        return word in text

    def _as_written(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text.strip())
        return text.casefold() if self.ignore_case else text
