"""Texts in the form that is compared: without case, accents of compatibility, punctuation and spacing."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"\d+(?:\.\d+)*|[^\W\d_]+|[+\-*/×÷=<>%^]")
_LIST_MARK = re.compile(r"^[^\S\n]*(?:[-*+•]|\d{1,3}[.)])[^\S\n]+", re.MULTILINE)
_BOLD = re.compile(r"(?<!\S)\*\*(?=\S)|(?<=\S)\*\*(?=[\s.,;:!?]|$)")
_PART = re.compile(r"\n+|(?<=[.!?:])\s+")
_MINUS = {ord("−"): "-", ord("–"): "-", ord("·"): "*", ord("×"): "*", ord("÷"): "/"}


def words(text: str) -> tuple[str, ...]:
    """Return the words, numbers and arithmetic signs of a text, in lower case; other characters are left out.

    So are the marks of lists and of bold text. A text without any of them, such as one of emoji, is returned
    as its characters without spaces.
    """
    text = _BOLD.sub("", _LIST_MARK.sub("", text))
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_MINUS).replace("'", "").replace("’", "")
    found = tuple(_TOKEN.findall(folded))
    return found or tuple("".join(folded.split()))


def parts(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of each line and each sentence of a text that has several."""
    sentences = [part for part in _PART.split(text) if part.strip()]
    if len(sentences) < 2:
        return ()
    return tuple(dict.fromkeys(words(part) for part in (*text.split("\n"), *sentences) if part.strip()))
