"""Whole words and phrases in a text."""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces: their letters are no part of a neighbouring word.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W{_SPACELESS}]"
_LETTERS = re.compile(_LETTER)
_QUOTES = str.maketrans("\u2018\u2019\u02bc\u201c\u201d", "'''\"\"")


def has_word(text: str, word: str, *, ignore_case: bool = True) -> bool:
    """Whether `word` (a word or a phrase, with any white space inside) stands in `text` as a whole.

    Typographic quotes equal straight ones, and composed letters their decomposed spelling.
    """
    text, word = (" ".join(_fold(one, ignore_case).split()) for one in (text, word))
    at = text.find(word)
    while at >= 0:
        if not _letter_at(text, at - 1) and not _letter_at(text, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False


def _letter_at(text: str, at: int) -> bool:
    return 0 <= at < len(text) and _LETTERS.match(text[at]) is not None


def whole(word: str) -> str:
    """A regex for the word or phrase that does not match inside a longer word."""
    return rf"(?<!{_LETTER})" + r"\s+".join(map(re.escape, word.split())) + rf"(?!{_LETTER})"


def _fold(text: str, ignore_case: bool) -> str:
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    return unicodedata.normalize("NFC", text.casefold()) if ignore_case else text
