"""Decides which of several lettered options a text gives as its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from . import phrases
from .mentions import MARKS, NOT_AFTER, NOT_BEFORE, Group, group_at, groups_in, is_known
from .options import mark_options, option_named, to_letter

_BARE = re.compile(rf"[^\w{MARKS}]*+([A-Za-z{MARKS}])[^\w{MARKS}]*+")
_DECORATION = re.compile(r"[\s>#*_\-]*(?:(?:option|choice|answer|letter)\s+)?", re.IGNORECASE)
_LABEL = re.compile(rf"(?:^|(?<=[.!?;])\s|\n)\s*(?:(?i:option|choice)\s)?[(\[]?([A-Z])[)\].:](?![{MARKS}A-Za-z0-9])")
# After a letter at the start: the end, punctuation, or a reason; after '(B)' also a new sentence.
_LEADING = re.compile(
    r"\s*(?:$|\n|[.:;,](?![A-Za-z0-9])|-\s|\b(?:because|since|as|due|given|for)\b)|(?<=[)\]])\s+[A-Z\ue000-\ue019]"
)
_LABELLED = re.compile(
    rf"[(\[{{]\s?([A-Za-z])\s?[)\]}}]|{NOT_AFTER}([A-Z])\)(?![A-Za-z0-9])"
    rf"|(?:(?<=[.!?:;]\s)|(?<=\n)|\A)[ \t]*([A-HJ-Z])[.:](?![{MARKS}A-Za-z0-9])"
)
# 'A' is also an article: it counts at the end of a line, before punctuation, and as a subject. 'I' only as one.
_ISOLATED = re.compile(
    rf"{NOT_AFTER}(?:([B-HJ-Z]){NOT_BEFORE}"
    r"|(A)(?=\s*$|[,;!]|\s(?:is|was|because|since|or|and)\b|[\u1100-\uffef])|(I)(?=\s(?:is|was|because)\b))",
    re.MULTILINE,
)
_NAMED = re.compile(f"([{MARKS}])")
_QUESTION = re.compile(r"\s*\?\s*\S")
_ARTICLE = re.compile(r"(?:an?|o|the)\s+", re.IGNORECASE)


def named_letters(text: str, options: Mapping[str, str]) -> list[str]:
    """Returns the letters that `text` gives as its answer, sorted; several if it is ambiguous.

    The first of these rules that finds a letter decides. Letters that the text rules out ('not B',
    'B is wrong') count only if they are asserted elsewhere, and one left over is no answer.

    1. The text is only a letter or an option.
    2. The last cue ('answer is B', 'I choose B', a box; 'therefore B.').
    3. A line that is only a letter or an option.
    4. The letter or option that the text begins with ('B. Option A is …', 'B, because …').
    5. Options asserted in passing ('B is correct', 'I think B').
    6. 'option B'; else marked letters ('(B)', 'B.'); else isolated letters; else option texts.

    Without known options any letter may be one.
    """
    if letter := option_named(text, options):
        return [letter]
    marked = mark_options(text, options)
    if (bare := _BARE.fullmatch(marked)) and is_known(to_letter(bare[1]), options):
        return [to_letter(bare[1])]
    reading = _Reading.of(marked, options)
    for letters in (reading.cued, reading.alone_on_a_line, reading.leading, reading.asserted, reading.mentioned):
        if found := letters():
            return sorted(set(found))
    return []


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """A text with its ruled out options."""

    text: str
    options: Mapping[str, str]
    groups: tuple[Group, ...]
    ruled_out: frozenset[str]
    ruled_out_at: frozenset[int]  # positions of the characters of the groups that are ruled out

    @classmethod
    def of(cls, text: str, options: Mapping[str, str]) -> _Reading:
        groups = tuple(groups_in(text, options))
        ruled_out = list(_ruled_out(text, options, groups))
        return cls(
            text=text,
            options=options,
            groups=groups,
            ruled_out=frozenset(letter for group in ruled_out for letter in group.letters),
            ruled_out_at=frozenset(place for group in ruled_out for place in range(group.start, group.end)),
        )

    def cued(self) -> list[str]:
        """The letters after the last cue or conclusion."""
        concluded = (g for g in self._after(phrases.CONCLUSION_CUE) if phrases.CONCLUDED.match(self.text, g.end))
        last = max((*self._after(phrases.ANSWER_CUE), *concluded), key=lambda group: group.start, default=None)
        return list(last.letters) if last else []

    def alone_on_a_line(self) -> list[str]:
        """The letter that fills a line, if no other letter fills one."""
        lines = filter(None, map(_BARE.fullmatch, self.text.splitlines()))
        letters = {to_letter(line[1]) for line in lines if not line[1].islower()}
        return list(letters) if len(letters) == 1 and is_known(min(letters), self.options) else []

    def leading(self) -> list[str]:
        """The letters that the text begins with, unless it goes through the options one by one."""
        decoration = _DECORATION.match(self.text)
        start = decoration.end() if decoration else 0
        group = group_at(self.text, start, self.options)
        if group is None or not self._counts(group):
            return []
        is_label = self.text[group.end - 1] == ")" and "(" not in self.text[start : group.end]
        is_pronoun = self.text[start] == "I" and self.text[group.end : group.end + 1] not in (".", ":")
        is_small_subject = self.text[start].islower() and phrases.ASSERTED_AFTER.match(self.text, group.end)
        is_start = is_label or is_small_subject or _LEADING.match(self.text, group.end)
        if is_pronoun or not is_start:
            return []
        others = {label for label in _LABEL.findall(self.text) if is_known(label, self.options)} - set(group.letters)
        return [] if others else list(group.letters)

    def asserted(self) -> list[str]:
        """The letters that are said to be right in passing."""
        after = (
            group
            for group in self.groups
            if self._counts(group) and phrases.ASSERTED_AFTER.match(self.text, group.end)
        )
        return [letter for group in (*self._after(phrases.OPINION), *after) for letter in group.letters]

    def mentioned(self) -> list[str]:
        """The letters of the strongest kind of mention, without those ruled out."""
        in_phrases = [letter for group in self._after(phrases.OPTION) for letter in group.letters]
        for letters in (in_phrases, *map(self._found, (_LABELLED, _ISOLATED, _NAMED))):
            if left := [letter for letter in letters if letter not in self.ruled_out]:
                return left
        return []

    def _after(self, phrase: re.Pattern[str]) -> Iterator[Group]:
        """The groups that follow a phrase and are neither ruled out, asked nor supposed."""
        for match in phrase.finditer(self.text):
            article = _ARTICLE.match(self.text, match.end())  # 'a resposta é a B'
            group = group_at(self.text, match.end(), self.options)
            if group is None and article:
                group = group_at(self.text, article.end(), self.options, small=False)
            supposed = phrases.CONDITIONAL.search(self.text[max(0, match.start() - 60) : match.start()])
            if group and self._counts(group) and not supposed:
                yield group

    def _counts(self, group: Group) -> bool:
        return group.end - 1 not in self.ruled_out_at and not _QUESTION.match(self.text, group.end)

    def _found(self, pattern: re.Pattern[str]) -> list[str]:
        """The known letters that a pattern finds where they are neither ruled out nor asked."""
        matches = (m for m in pattern.finditer(self.text) if not _QUESTION.match(self.text, m.end()))
        places = {match.start(match.lastindex or 0): to_letter(match[match.lastindex or 0]) for match in matches}
        together = [group.letters for group in self.groups if any(p in places for p in range(group.start, group.end))]
        letters = (*places.values(), *(letter for group in together for letter in group))
        return [letter for letter in letters if is_known(letter, self.options)]


def _ruled_out(text: str, options: Mapping[str, str], groups: Iterable[Group]) -> Iterator[Group]:
    """The groups that the text rules out, by a phrase before or after them."""
    for match in phrases.RULED_OUT_BEFORE.finditer(text):
        if group := group_at(text, match.end(), options, small=False):
            yield group
    for group in groups:
        if phrases.RULED_OUT_AFTER.match(text, group.end):
            yield group
