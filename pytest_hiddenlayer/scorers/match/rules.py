"""`rules`: the output keeps to rules of form, for tasks that have no one right answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from .extract import MAX_CHARS, compile_regex
from .messages import no_target, show
from .text_match import has_word


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The share of rules that the stripped output keeps.

    Every parameter that is set is a rule, and so is each required or forbidden word. Words
    are counted between white space; required and forbidden ones are whole words in either
    case. Lines that are empty do not count.
    """

    min_words: int | None = None
    max_words: int | None = None
    lines: int | None = None  # exactly
    min_lines: int | None = None
    max_lines: int | None = None
    max_chars: int | None = None
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    starts_with: str | None = None
    ends_with: str | None = None
    every_line: str | None = None  # regex that every line matches as a whole
    unique_lines: bool = False
    require_target: bool = False  # the sample's targets are required words

    name = "rules"
    version = "1"
    pass_score = 1.0

    def __post_init__(self) -> None:
        if not list(self._checks("", ("word",))):
            raise UsageError("no rule is set; name at least one, such as max_words: 50")
        for words in (self.require, self.forbid):
            if not all(word.strip() for word in words):
                raise UsageError(f"require and forbid hold non-empty words, got {list(words)!r}")
        for name in ("min_words", "max_words", "lines", "min_lines", "max_lines", "max_chars"):
            if (getattr(self, name) or 0) < 0:
                raise UsageError(f"{name} must be 0 or more, got {getattr(self, name)}")
        for name in ("words", "lines"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise UsageError(f"min_{name} {low} is above max_{name} {high}")

    @property
    def needs_target(self) -> bool:
        """Whether required words come from the sample."""
        return self.require_target

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped output; None where it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The share of rules kept; unscored where the words should come from a target that is missing."""
        if self.require_target and not sample.targets:
            return no_target()
        faults = list(self._checks(output.strip(), sample.targets))
        broken = [fault for fault in faults if fault]
        kept = len(faults) - len(broken)
        explanation = "; ".join(broken) or f"keeps all {kept} rules"
        return Score(value=kept / len(faults), answer=self.parse(output, sample), explanation=explanation)

    def _checks(self, text: str, targets: Sequence[str]) -> Iterator[str]:
        """One entry a rule: empty where it is kept, else how it is broken."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        yield from _bounds("words", len(text.split()), self.min_words, self.max_words)
        yield from _bounds("lines", len(lines), self.min_lines, self.max_lines)
        yield from _bounds("characters", len(text), None, self.max_chars)
        if self.lines is not None:
            yield _fault(len(lines) == self.lines, f"{len(lines)} lines instead of {self.lines}")
        yield from self._words(text, targets)
        yield from self._ends(text)
        yield from self._lines(lines)

    def _words(self, text: str, targets: Sequence[str]) -> Iterator[str]:
        required = (*self.require, *(targets if self.require_target else ()))
        for word in dict.fromkeys(required):
            yield _fault(has_word(text, word), f"{show(word)} is missing")
        for word in dict.fromkeys(self.forbid):
            yield _fault(not has_word(text, word), f"{show(word)} is forbidden")

    def _ends(self, text: str) -> Iterator[str]:
        if self.starts_with is not None:
            yield _fault(text.startswith(self.starts_with), f"does not start with {show(self.starts_with)}")
        if self.ends_with is not None:
            yield _fault(text.endswith(self.ends_with), f"does not end with {show(self.ends_with)}")

    def _lines(self, lines: Sequence[str]) -> Iterator[str]:
        if self.every_line is not None:
            regex = compile_regex(self.every_line)
            odd = next((line for line in lines if not regex.fullmatch(line[:MAX_CHARS])), None)
            yield _fault(odd is None, f"the line {show(odd or '')} does not match {show(self.every_line)}")
        if self.unique_lines:
            twice = next((line for line, count in Counter(lines).items() if count > 1), None)
            yield _fault(twice is None, f"the line {show(twice or '')} stands there twice")


def _bounds(what: str, count: int, low: int | None, high: int | None) -> Iterator[str]:
    if low is not None:
        yield _fault(count >= low, f"{count} {what} instead of at least {low}")
    if high is not None:
        yield _fault(count <= high, f"{count} {what} instead of at most {high}")


def _fault(kept: bool, how: str) -> str:
    return "" if kept else how
