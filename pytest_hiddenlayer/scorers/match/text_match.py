"""Finds whole words and phrases in a text."""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces: their letters are not part of an adjacent word.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W{_SPACELESS}]"
_LETTERS = re.compile(_LETTER)
_QUOTES = str.maketrans("\u2018\u2019\u02bc\u201c\u201d", "'''\"\"")


def has_word(text: str, word: str, *, ignore_case: bool = True) -> bool:
    """Returns whether `text` contains `word` (a word or a phrase, with any white space inside) as a whole.

    Typographic quotes equal straight ones, and composed letters equal decomposed ones.
    """
    text, word = (" ".join(_fold(raw, ignore_case).split()) for raw in (text, word))
    start = text.find(word)
    while start >= 0:
        if not _is_letter(text, start - 1) and not _is_letter(text, start + len(word)):
            return True
        start = text.find(word, start + 1)
    return False


def _is_letter(text: str, index: int) -> bool:
    return 0 <= index < len(text) and _LETTERS.match(text[index]) is not None


def whole(word: str) -> str:
    """Returns a regular expression for the word or phrase that does not match inside a longer word."""
    return rf"(?<!{_LETTER})" + r"\s+".join(map(re.escape, word.split())) + rf"(?!{_LETTER})"


def _fold(text: str, ignore_case: bool) -> str:
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    return unicodedata.normalize("NFC", text.casefold()) if ignore_case else text
