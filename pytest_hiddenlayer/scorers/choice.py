"""`choice`: the answer names one of the options, by letter or by text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..types import Ask, Sample, Score
from .extract import Extract, extract_from
from .words import holds_word

_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_ONLY = re.compile(r"[\W_]*([A-Za-z])[\W_]*")
_CUE = re.compile(
    r"(?i:\b(?:answer|option|choice|verdict)\b(?:\s+(?:is|was|would be))?)[\s:*\"'(\[]*([A-Z])\b(?![''\w])"
)
_BRACKETED = re.compile(r"[(\[]([A-Z])[)\]]")
_ALONE = re.compile(r"(?<![\w'])([B-HJ-Z])(?![\w'])")  # A and I are words too: they need a cue or brackets


@dataclass(frozen=True)
class Choice:
    """1 where the answer's option is the target's, else 0.

    Options are the sample's `choices`, or lines such as `(A) text` in its input. An option is
    named by its letter (alone, in brackets, or after a cue such as `answer is`) or by its
    text; two different letters without a cue name none.
    """

    _: KW_ONLY
    extract: Any = None
    name: str = field(default="choice", init=False)
    version: str = field(default="1", init=False)
    pass_score: float = field(default=1.0, init=False)
    needs_target: bool = field(default=True, init=False)
    _rules: Extract = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rules", extract_from("choice", self.extract))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The letter of the option."""
        text = self._rules(output)
        return None if text is None else _letter(text, options(sample))

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1 or 0; unscored without a target that is an option."""
        if not sample.targets:
            return Score(value=None, explanation="no target")
        known = options(sample)
        wanted = {_letter(target, known) for target in sample.targets}
        if None in wanted:
            return Score(value=None, explanation=f"target {sample.target!r} is none of the options {dict(known)}")
        found = self.parse(output, sample)
        if found is None:
            return Score(value=0.0, explanation="the answer names no single option")
        return Score(value=float(found in wanted), answer=found)


def options(sample: Sample) -> Mapping[str, str]:
    """Letter → text; empty where the sample shows no options."""
    if sample.choices:
        return {chr(ord("A") + i): text for i, text in enumerate(sample.choices)}
    text = sample.input if isinstance(sample.input, str) else "\n".join(m.content for m in sample.input)
    return dict(_OPTION.findall(text))


def _letter(text: str, known: Mapping[str, str]) -> str | None:
    alone = _ONLY.fullmatch(text)
    if alone and (not known or alone[1].upper() in known):
        return alone[1].upper()
    same = [letter for letter, option in known.items() if option.strip().casefold() == text.strip(" .").casefold()]
    if len(same) == 1:
        return same[0]
    cued = [letter for letter in _CUE.findall(text) if not known or letter in known]
    if cued:
        return str(cued[-1])
    for rule in (_BRACKETED, _ALONE):
        named = {letter for letter in rule.findall(text) if not known or letter in known}
        if named:
            return named.pop() if len(named) == 1 else None
    held = [letter for letter, option in known.items() if holds_word(text, option)]
    return held[0] if len(held) == 1 else None
