"""Decides which of several lettered options a text gives as its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from . import phrases, rejections
from .mentions import MARKS, NOT_AFTER, NOT_BEFORE, Group, group_at, groups_in, is_known
from .options import mark_options, option_named, to_letter

_WRONG = "✗✘✖❌❎×☒¬≠"
_BARE = re.compile(rf"(?!!)[^\w{MARKS}{_WRONG}]*+([A-Za-z{MARKS}])(?!\+\+|#)[^\w{MARKS}{_WRONG}]*+")
_DECORATION = re.compile(r"[\s>#*_\-]*(?:(?:option|choice|answer|letter)\s+)?", re.IGNORECASE)
_LABEL = re.compile(rf"(?:^|(?<=[.!?;])\s|\n)\s*(?:(?i:option|choice)\s)?[(\[]?([A-Z])[)\].:](?![{MARKS}A-Za-z0-9])")
# After a letter at the start: the end, punctuation, or a reason; after '(B)' also a new sentence.
_LEADING = re.compile(
    r"\s*(?:$|\n|[.:;,!、](?![A-Za-z0-9])|-\s|\b(?:because|since|as|due|given|for|not|and not|rather|over)\b)|"
    r"(?<=[)\]])\s+[A-Z\ue000-\ue019]"
)
_LABELLED = re.compile(
    rf"[(\[{{]\s?([A-Za-z])\s?[)\]}}]|{NOT_AFTER}([A-Z])\)(?![A-Za-z0-9])"
    rf"|(?:(?<=[.!?:;]\s)|(?<=\n)|\A)[ \t]*([A-HJ-Z])[.:](?![{MARKS}A-Za-z0-9])"
)
# 'A' is also an article: it counts at the end of a line, before punctuation, and as a subject. 'I' only as one.
_ISOLATED = re.compile(
    rf"{NOT_AFTER}(?:([B-HJ-Z]){NOT_BEFORE}"
    r"|(A)(?=\s*$|[,;!]|\s(?:is|was|because|since|or|and|vs|versus|it is|would|seems|looks)\b|[\u1100-\uffef])|"
    r"(I)(?=\s(?:is|was|because)\b))",
    re.MULTILINE,
)
_NAMED = re.compile(f"([{MARKS}])")
_ANSWER_LABEL = re.compile(r"\s*(?P<question>Q(?:uestion)?:[^\n]*\n(?:[^\n]*\n){0,30}?\s*)?A:[ \t]*")
_FIRST_PERSON = re.compile(r"I(?:'m|’m)?\s")
_QUESTION = re.compile(r"\s*\?\s*\S")
_SENTENCE_START = re.compile(r"[.!?\n]\s*")
_LAST_RESULT = re.compile(r"=\s*(?=[^=]*\Z)")
_AFFIRMED = re.compile(r"[^.!?\n]{0,60}\?\s*(?:yes|yeah|yep|indeed|exactly|correct)\b", re.IGNORECASE)
_ENDS_AS_QUESTION = re.compile(r"[^.!?\n]{0,60}\?")
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

    Without known options any letter may be one. 'A:' in front of another option, of 'I …', or below a line
    'Q: …' means 'answer', not the first option.
    """
    text = _without_label(text, options)
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


def _without_label(text: str, options: Mapping[str, str]) -> str:
    """The text without a label 'A:' that means 'answer'."""
    label = _ANSWER_LABEL.match(text)
    if label is None:
        return text
    rest = text[label.end() :]
    named = option_named(rest.strip(), options)
    if label["question"] or _FIRST_PERSON.match(rest) or (named and named != "A"):
        return rest
    return text


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
        groups = sorted((*self._after(phrases.ANSWER_CUE), *concluded), key=lambda group: group.start)
        last = next((group for group in groups if groups and group.end >= groups[-1].end), None)
        return list(last.letters) if last else []

    def alone_on_a_line(self) -> list[str]:
        """The letter that fills a line, if no other letter fills one."""
        letters = {to_letter(line[1]) for line in filter(None, self._lines()) if not line[1].islower()}
        if answer := self._after_list():
            return [answer]
        return list(letters) if len(letters) == 1 and is_known(min(letters), self.options) else []

    def _lines(self) -> list[re.Match[str] | None]:
        """For every line that is not empty, its letter or option if it is nothing else."""
        return [_BARE.fullmatch(line) for line in self.text.splitlines() if line.strip()]

    def _after_list(self) -> str | None:
        """The letter of the last line, if all other lines are the options in order."""
        *listed, last = [to_letter(line[1]) if line else "" for line in self._lines()] or [""]
        return last if len(listed) > 1 and listed == list(self.options) else None

    def leading(self) -> list[str]:
        """The letters that the text begins with, unless it goes through the options one by one."""
        decoration = _DECORATION.match(self.text)
        start = decoration.end() if decoration else 0
        group = group_at(self.text, start, self.options)
        if group is None or not self._counts(group) or all(self._lines()):
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
        excepted = (group for group in self.groups if self._counts(group) and _is_excepted(self.text, group))
        groups = (*self._after(phrases.OPINION), *after, *excepted)
        return [letter for group in groups for letter in group.letters]

    def mentioned(self) -> list[str]:
        """The letters of the strongest kind of mention, without those ruled out."""
        if (result := self._result()) is not None:
            return list(result.letters)
        in_phrases = [letter for group in self._after(phrases.OPTION) for letter in group.letters]
        for letters in (in_phrases, *map(self._found, (_LABELLED, _ISOLATED, _NAMED))):
            if left := [letter for letter in letters if letter not in self.ruled_out]:
                return left
        return []

    def _result(self) -> Group | None:
        """The group after the text's last equals sign, if no other option or number follows: '5 + 10 = 15'."""
        last = _LAST_RESULT.search(self.text)
        group = group_at(self.text, last.end(), self.options, small=False) if last else None
        if group is None or not self._counts(group) or re.search(rf"[\d{MARKS}]", self.text[group.end :]):
            return None
        return group if phrases.CONCLUDED.match(self.text, group.end) else None

    def _after(self, phrase: re.Pattern[str]) -> Iterator[Group]:
        """The groups that follow a phrase and are neither ruled out, asked nor supposed."""
        for match in phrase.finditer(self.text):
            article = _ARTICLE.match(self.text, match.end())  # 'a resposta é a B'
            group = group_at(self.text, match.end(), self.options)
            if group is None and article:
                group = group_at(self.text, article.end(), self.options, small=False)
            before = _before(self.text, match.start())
            supposed = phrases.CONDITIONAL.search(before)
            others = phrase is phrases.OPINION and phrases.OF_OTHERS.search(before)
            if group and self._counts(group) and not supposed and not others:
                yield group

    def _counts(self, group: Group) -> bool:
        return group.end - 1 not in self.ruled_out_at and not self._is_asked(group.start, group.end)

    def _is_asked(self, start: int, end: int) -> bool:
        """Whether a question ends here and the text goes on, or the sentence is a question."""
        if _AFFIRMED.match(self.text, end):
            return False
        if _QUESTION.match(self.text, end):
            return True
        before = _SENTENCE_START.split(_before(self.text, start))[-1]
        return phrases.ASKS.match(before) is not None and _ENDS_AS_QUESTION.match(self.text, end) is not None

    def _found(self, pattern: re.Pattern[str]) -> list[str]:
        """The known letters that a pattern finds where they are neither ruled out nor asked."""
        matches = (
            m
            for m in pattern.finditer(self.text)
            if not self._is_asked(m.start(), m.end()) and not phrases.SUPPOSED.search(_before(self.text, m.start()))
        )
        places = {match.start(match.lastindex or 0): to_letter(match[match.lastindex or 0]) for match in matches}
        together = [group.letters for group in self.groups if any(p in places for p in range(group.start, group.end))]
        letters = (*places.values(), *(letter for group in together for letter in group))
        return [letter for letter in letters if is_known(letter, self.options)]


def _ruled_out(text: str, options: Mapping[str, str], groups: Iterable[Group]) -> Iterator[Group]:
    """The groups that the text rules out, by a phrase before or after them."""
    excepted = {group.start for group in groups if _is_excepted(text, group)}
    compared = (
        m for m in rejections.COMPARED.finditer(text) if not rejections.NEGATED.search(_before(text, m.start()))
    )
    for match in (*rejections.RULED_OUT_BEFORE.finditer(text), *compared):
        end = text.find(";", match.end())  # 'not A; B'
        clause = text if end < 0 else text[:end]
        if (group := group_at(clause, match.end(), options, small=False)) and group.start not in excepted:
            yield group
    for group in groups:
        is_other = rejections.ALL_BUT.search(_before(text, group.start))
        if group.start not in excepted and (is_other or rejections.RULED_OUT_AFTER.match(text, group.end)):
            yield group


def _is_excepted(text: str, group: Group) -> bool:
    """Whether the group is what remains: 'everything but B is wrong', 'nothing but B'."""
    before = _before(text, group.start)
    if rejections.NOTHING_BUT.search(before):
        return True
    return (
        rejections.ALL_BUT.search(before) is not None
        and rejections.RULED_OUT_AFTER.match(text, group.end) is not None
    )


def _before(text: str, place: int) -> str:
    return text[max(0, place - 60) : place]
