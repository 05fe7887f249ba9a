"""`keyword`: required words stand in the answer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..errors import UsageError
from ..types import Ask, Sample, Score
from .extract import Extract, extract_from
from .words import holds_word


@dataclass(frozen=True)
class Keyword:
    """1 where any keyword stands in the answer as a whole word; with `require_all` the share that does.

    The keywords are the sample's targets, or `keywords` for all samples.
    """

    _: KW_ONLY
    keywords: Any = None
    require_all: bool = False
    ignore_case: bool = True
    extract: Any = None
    name: str = field(default="keyword", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(init=False)
    _rules: Extract = field(init=False, repr=False)

    def __post_init__(self) -> None:
        good = self.keywords is None or (
            isinstance(self.keywords, list) and self.keywords and all(isinstance(w, str) for w in self.keywords)
        )
        if not good:
            raise UsageError(f"scorer 'keyword': keywords={self.keywords!r}; a list of texts is needed")
        object.__setattr__(self, "needs_target", self.keywords is None)
        object.__setattr__(self, "_rules", extract_from("keyword", self.extract))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The keywords that were found, joined; the stripped text where the sample has none of them."""
        text = self._rules(output)
        found = [] if text is None else self._found(text, sample)
        return ", ".join(found) or (text or "").strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0, or with `require_all` the share found; unscored without keywords."""
        words = self._words(sample)
        if not words:
            return Score(value=None, explanation="no target")
        text = self._rules(output)
        found = [] if text is None else self._found(text, sample)
        missing = [word for word in words if word not in found]
        value = len(found) / len(words) if self.require_all else float(bool(found))
        explanation = "" if value == 1 else f"missing: {', '.join(missing)}"
        return Score(value=value, answer=", ".join(found) or None, explanation=explanation)

    def _words(self, sample: Sample) -> list[str]:
        return list(dict.fromkeys(self.keywords if self.keywords is not None else sample.targets))

    def _found(self, text: str, sample: Sample) -> list[str]:
        return [word for word in self._words(sample) if holds_word(text, word, ignore_case=self.ignore_case)]
