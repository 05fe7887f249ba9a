"""Texts that show nothing: spaces, controls and characters without a shape."""

from __future__ import annotations

import unicodedata

_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # Unicode calls them letters


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing: such a text is no answer, and has no vote."""
    return all(
        character in _SHAPELESS
        or "\ufe00" <= character <= "\ufe0f"  # variation selectors
        or unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf")
        for character in text
    )
