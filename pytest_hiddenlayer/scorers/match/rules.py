"""`rules`: the output follows rules of form, for tasks without a single correct answer."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import UsageError
from ...protocols import Ask
from ...regular_expressions import compile_regex
from ...types import Sample, Score
from .extract import MAX_CHARS
from .messages import no_target, show
from .sample_rules import sample_results
from .text_match import has_word
from .text_normalization import unify_characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Scores the share of rules that the stripped output follows.

    Every parameter that is set is a rule, and so is each required or forbidden word. Words
    are counted between white space, characters in NFC. Required and forbidden words match whole
    words, ignoring case and emphasis. Quotes, dashes and spaces that look alike are equal, except
    to the expression of `every_line`. Empty lines do not count.
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
    every_line: str | None = None  # regular expression that must match every whole line
    unique_lines: bool = False
    require_target: bool = False  # the sample's targets are required words
    sample_rules: bool = False  # each sample's metadata has its own `rules` (`sample_rules`)

    name = "rules"
    version = "2"
    pass_score = 1.0

    def __post_init__(self) -> None:
        if not self.sample_rules and not list(self._checks("", ("word",))):
            raise UsageError("no rule is set; set at least one, such as max_words: 50")
        for words in (self.require, self.forbid):
            if not all(word.strip() for word in words):
                raise UsageError(f"require and forbid hold non-empty words, got {list(words)!r}")
        self._check_limits()

    def _check_limits(self) -> None:
        words, lines = (self.min_words, self.max_words), (self.min_lines, self.max_lines)
        limits = dict(zip(("min_words", "max_words", "min_lines", "max_lines"), (*words, *lines), strict=True))
        for name, limit in {**limits, "lines": self.lines, "max_chars": self.max_chars}.items():
            if limit is not None and limit < 0:
                raise UsageError(f"{name} must be 0 or more, got {limit}")
        for unit, (low, high) in (("words", words), ("lines", lines)):
            if low is not None and high is not None and low > high:
                raise UsageError(f"min_{unit} {low} is above max_{unit} {high}")

    @property
    def needs_target(self) -> bool:
        """Whether the sample's targets are required words."""
        return self.require_target

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the stripped output, or None if it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the weighted share of rules followed; unscored with `require_target` and no target."""
        if self.require_target and not sample.targets:
            return no_target()
        checks = self._checks(unicodedata.normalize("NFC", output.strip()), sample.targets)
        results = [(1.0, violation) for violation in checks]
        if self.sample_rules:
            try:
                results += sample_results(sample.metadata, output)
            except UsageError as error:
                return Score(value=None, explanation=str(error))
        followed = sum(weight for weight, violation in results if not violation)
        violations = [violation for _, violation in results if violation]
        explanation = "; ".join(violations) or f"keeps all {len(results)} rules"
        value = followed / sum(weight for weight, _ in results) if violations else 1.0
        return Score(value=value, answer=self.parse(output, sample), explanation=explanation)

    def _checks(self, text: str, targets: Sequence[str]) -> Iterator[str]:
        """Yields one text per rule: empty if the output follows it, else how it is violated."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        yield from _bounds("words", len(text.split()), self.min_words, self.max_words)
        yield from _bounds("lines", len(lines), self.min_lines, self.max_lines)
        yield from _bounds("characters", len(text), None, self.max_chars)
        if self.lines is not None:
            yield _violation(len(lines) == self.lines, f"{len(lines)} lines instead of {self.lines}")
        yield from self._words(text, targets)
        yield from self._ends(text)
        yield from self._lines(lines)

    def _words(self, text: str, targets: Sequence[str]) -> Iterator[str]:
        required = (*self.require, *(targets if self.require_target else ()))
        for word in dict.fromkeys(required):
            yield _violation(has_word(text, word), f"{show(word)} is missing")
        for word in dict.fromkeys(self.forbid):
            yield _violation(not has_word(text, word), f"{show(word)} is forbidden")

    def _ends(self, text: str) -> Iterator[str]:
        unified = unify_characters(text).strip()
        if self.starts_with is not None:
            yield _violation(
                unified.startswith(unify_characters(self.starts_with)),
                f"does not start with {show(self.starts_with)}",
            )
        if self.ends_with is not None:
            yield _violation(
                unified.endswith(unify_characters(self.ends_with)), f"does not end with {show(self.ends_with)}"
            )

    def _lines(self, lines: Sequence[str]) -> Iterator[str]:
        if self.every_line is not None:
            regex = compile_regex(unicodedata.normalize("NFC", self.every_line))
            mismatch = next((line for line in lines if not regex.fullmatch(line[:MAX_CHARS])), None)
            description = f"the line {show(mismatch or '')} does not match {show(self.every_line)}"
            yield _violation(mismatch is None, description)
        if self.unique_lines:
            repeated = next((line for line, count in Counter(lines).items() if count > 1), None)
            yield _violation(repeated is None, f"the line {show(repeated or '')} is repeated")


def _bounds(unit: str, count: int, low: int | None, high: int | None) -> Iterator[str]:
    if low is not None:
        yield _violation(count >= low, f"{count} {unit} instead of at least {low}")
    if high is not None:
        yield _violation(count <= high, f"{count} {unit} instead of at most {high}")


def _violation(followed: bool, description: str) -> str:
    return "" if followed else description
