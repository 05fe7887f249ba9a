"""Finds which of several lettered options a text names.

Each option's text is first replaced by one private character. A letter inside the text
('vitamin B') is then not an answer, and the text after a cue ('the answer is Paris') is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .text_match import whole_spans

_MARKS = 0xE000  # start of Unicode's private use area
_LISTED = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*)$", re.MULTILINE)
_BARE = re.compile(r"[^\w\ue000-\ue019]*+([A-Za-z\ue000-\ue019])[^\w\ue000-\ue019]*+")
_AFTER_CUE = r"""(?:\s(?i:is|was|would\sbe|should\sbe|must\sbe)\b)?
    (?:\s(?i:option|choice|letter)\b)?
    [\s:=*_"'(\[{$\\]{0,12}(?:boxed\{)?
    ([A-Z\ue000-\ue019](?![\w'’])|[a-z](?=[).,;:*\]}]|\s*$))"""
_ANSWER = re.compile(r"\b(?i:answer|choose|choosing|pick|select)\b" + _AFTER_CUE, re.VERBOSE | re.MULTILINE)
_OPTION = re.compile(r"\b(?i:option|choice)\b" + _AFTER_CUE, re.VERBOSE | re.MULTILINE)
_LABELLED = re.compile(r"[(\[{]([A-Za-z])[)\]}]|\*\*([A-Z])\*\*|(?<![\w'’.-])([A-Z])[).:](?!\w)")
_ALONE = re.compile(r"(?<![\w'’.-])([B-HJ-Z])(?![\w'’-])")
# 'A' and 'I' are also words: they count at the end of a line, before a punctuation mark, and as a subject.
_WORDLIKE = re.compile(r"(?<![\w'’.-])([AI])(?=\s*$|[,;!?]|\s(?:is|was|because|since|or|and)\b)", re.MULTILINE)
_NAMED = re.compile("([\ue000-\ue019])")
_STEPS = (_OPTION, _LABELLED, _ALONE, _NAMED)


def options_in(text: str) -> dict[str, str]:
    """Returns letter → text of the last list of options in `text` ('(A) one', 'B. two'); empty below two options."""
    options: dict[str, str] = {}
    for letter, content in _LISTED.findall(text):
        if letter == "A":
            options = {}
        if letter == chr(ord("A") + len(options)):
            options[letter] = content.strip()
    return options if len(options) > 1 else {}


def named_letters(text: str, options: Mapping[str, str]) -> list[str]:
    """Returns the letters that `text` gives as its answer, sorted; several if it is ambiguous.

    The first of these rules that finds a letter decides: the text is only a letter or an
    option; the last cue ('answer is B', 'I choose B'); 'option B'; marked letters ('(B)',
    '**B**', 'B.'); isolated letters; option texts. Without known options any letter may be one.
    """
    marked = _mark(text, options)
    if bare := _BARE.fullmatch(marked):
        return _known([bare[1]], options)
    if cued := _known(_ANSWER.findall(marked), options, unique=False):
        return cued[-1:]
    for step in _STEPS:
        letters = ["".join(groups) for groups in step.findall(marked)]
        if step is _ALONE:
            letters += _WORDLIKE.findall(marked)
        if known := _known(letters, options):
            return known
    return []


def _mark(text: str, options: Mapping[str, str]) -> str:
    """Replaces every option's text by the option's private character."""
    text = re.sub("[\ue000-\ue019]", " ", text)
    by_text = {" ".join(content.casefold().split()): letter for letter, content in options.items()}
    # An option 'A' cannot be distinguished from the letter. The longest text is tried first.
    contents = sorted((c for c in by_text if len(c) > 1 or c.isdigit()), key=len, reverse=True)
    for content in contents:
        mark = _to_mark(by_text[content])
        spans = list(whole_spans(text, content, ignore_case=True))
        for start, end in reversed(spans):
            text = text[:start] + mark + text[end:]
    return text


def _to_mark(letter: str) -> str:
    return chr(_MARKS + ord(letter) - ord("A"))


def _known(names: list[str], options: Mapping[str, str], *, unique: bool = True) -> list[str]:
    letters = [chr(ord(c) - _MARKS + ord("A")) if ord(c) >= _MARKS else c.upper() for c in names]
    known = [letter for letter in letters if not options or letter in options]
    return sorted(set(known)) if unique else known
