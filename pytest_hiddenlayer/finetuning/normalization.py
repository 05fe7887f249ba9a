"""Texts in the form that is compared: without case, accents of compatibility, punctuation and spacing."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[+\-*/×÷=<>%^]")
_MINUS = {ord("−"): "-", ord("–"): "-", ord("·"): "*", ord("×"): "*", ord("÷"): "/"}


def words(text: str) -> tuple[str, ...]:
    """Return the words, numbers and arithmetic signs of a text, in lower case; other characters are left out.

    A text without any of them, such as one of emoji, is returned as its characters without spaces.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_MINUS).replace("'", "").replace("’", "")
    found = tuple(_TOKEN.findall(folded))
    return found or tuple("".join(folded.split()))
