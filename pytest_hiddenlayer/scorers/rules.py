"""`rules`: a creative answer keeps stated rules of form, length and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..errors import UsageError
from ..types import Ask, Sample, Score
from .extract import compile_regex
from .words import holds_word

_COUNTS = ("min_words", "max_words", "lines", "min_lines", "max_lines", "max_chars")


@dataclass(frozen=True)
class Rules:
    """The share of the stated rules that the answer keeps; 1 is right, the explanation lists the broken ones.

    Words are separated by white space, lines are the non-empty ones. Each word of `require`
    and of `forbid` is a rule of its own; with `require_target` the sample's targets are
    required words too. `every_line` is a regular expression for each whole line.
    """

    _: KW_ONLY
    min_words: int | None = None
    max_words: int | None = None
    lines: int | None = None
    min_lines: int | None = None
    max_lines: int | None = None
    max_chars: int | None = None
    require: Any = None
    forbid: Any = None
    starts_with: str | None = None
    ends_with: str | None = None
    every_line: Any = None
    unique_lines: bool = False
    require_target: bool = False
    name: str = field(default="rules", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(init=False)
    _line: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for key in _COUNTS:
            value = getattr(self, key)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise UsageError(f"scorer 'rules': {key}={value!r}; a whole number of at least 0 is needed")
        for key in ("require", "forbid"):
            value = getattr(self, key)
            if value is not None and not (isinstance(value, list) and all(isinstance(w, str) for w in value)):
                raise UsageError(f"scorer 'rules': {key}={value!r}; a list of texts is needed")
        line = None if self.every_line is None else compile_regex("rules", "every_line", self.every_line)
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "needs_target", self.require_target)
        if not list(self._checks("", ())):
            raise UsageError("scorer 'rules': no rule is stated; state one, such as max_words: 20")

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped text."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The share of rules kept; unscored where `require_target` meets no target."""
        if self.require_target and not sample.targets:
            return Score(value=None, explanation="no target")
        text = output.strip()
        checks = list(self._checks(text, sample.targets if self.require_target else ()))
        broken = [rule for rule, kept in checks if not kept]
        explanation = f"broken: {'; '.join(broken)}" if broken else ""
        return Score(value=1 - len(broken) / len(checks), answer=text, explanation=explanation)

    def _checks(self, text: str, targets: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
        """(the rule as people read it, kept)."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        yield from self._counted(len(text.split()), len(lines), len(text))
        for word in dict.fromkeys([*(self.require or ()), *targets]):
            yield f"{word!r} is there", holds_word(text, word)
        if self.require_target and not targets:
            yield "the target is there", False
        for word in self.forbid or ():
            yield f"{word!r} is not there", not holds_word(text, word)
        if self.starts_with is not None:
            yield f"starts with {self.starts_with!r}", text.startswith(self.starts_with)
        if self.ends_with is not None:
            yield f"ends with {self.ends_with!r}", text.endswith(self.ends_with)
        if self._line is not None:
            fits = bool(lines) and all(self._line.fullmatch(line) for line in lines)
            yield f"every line matches {self.every_line!r}", fits
        if self.unique_lines:
            yield "no line twice", len(set(lines)) == len(lines)

    def _counted(self, words: int, lines: int, chars: int) -> Iterator[tuple[str, bool]]:
        stated = (
            (self.min_words, words, "at least {} words", words.__ge__),
            (self.max_words, words, "at most {} words", words.__le__),
            (self.lines, lines, "exactly {} lines", lines.__eq__),
            (self.min_lines, lines, "at least {} lines", lines.__ge__),
            (self.max_lines, lines, "at most {} lines", lines.__le__),
            (self.max_chars, chars, "at most {} characters", chars.__le__),
        )
        for wanted, found, rule, holds in stated:
            if wanted is not None:
                yield f"{rule.format(wanted)} (found {found})", bool(holds(wanted))
