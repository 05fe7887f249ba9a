"""`keyword`: expected words stand in the output, as whole words."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from .extract import WHOLE, Extract
from .messages import listed, no_target, show
from .text_match import has_word


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyword:
    """1 where any keyword is found; with `require_all` the share of them that is found.

    It looks for words, not for their sense: "not Lima" holds Lima.
    """

    require_all: bool = False
    ignore_case: bool = True
    keywords: tuple[str, ...] | None = None  # None: the sample's targets
    extract: Extract = WHOLE

    name = "keyword"
    version = "1"
    pass_score = 1.0

    def __post_init__(self) -> None:
        if self.keywords is not None and not all(word.strip() for word in self.keywords or [""]):
            raise UsageError(f"keywords must be a list of non-empty words, got {list(self.keywords)!r}")

    @property
    def needs_target(self) -> bool:
        """Whether the words come from the sample."""
        return self.keywords is None

    def parse(self, output: str, sample: Sample) -> str | None:
        """The keywords found, in the order they were asked for; None where there is none."""
        return ", ".join(self._found(output, sample)) or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The score; unscored where neither the task nor the sample names a word."""
        words = self._words(sample)
        if not words:
            return no_target()
        found = self._found(output, sample)
        missing = [word for word in words if word not in found]
        answer = ", ".join(found) or None
        if self.require_all and missing:
            names = ", ".join(map(show, missing))
            return Score(value=len(found) / len(words), answer=answer, explanation=f"missing: {names}")
        if not found:
            return Score(value=0.0, explanation=f"expected {listed(words)}, found none of them")
        return Score(value=1.0, answer=answer, explanation=f"found {', '.join(map(show, found))}")

    def _words(self, sample: Sample) -> list[str]:
        words = sample.targets if self.keywords is None else self.keywords
        return list(dict.fromkeys(filter(str.strip, words)))

    def _found(self, output: str, sample: Sample) -> list[str]:
        text = self.extract.apply(output) or ""
        return [w for w in self._words(sample) if has_word(text, w, ignore_case=self.ignore_case)]
