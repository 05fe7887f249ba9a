"""Whole words in a text, shared by the scorers that look for them."""

from __future__ import annotations

import re


def holds_word(text: str, word: str, *, ignore_case: bool = True) -> bool:
    """Whether `word` (a word or a phrase) stands in the text as a whole; white space is flexible."""
    body = r"\s+".join(re.escape(part) for part in word.split())
    if not body:
        return False
    left = r"(?<!\w)" if re.match(r"\w", word.strip()) else ""
    right = r"(?!\w)" if re.search(r"\w$", word.strip()) else ""
    return re.search(left + body + right, text, re.IGNORECASE if ignore_case else 0) is not None
