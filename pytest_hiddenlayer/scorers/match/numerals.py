"""The many spellings of numbers, rewritten into one that `number` can read.

Afterwards digits are ASCII, the minus is '-', powers are '^', fractions are 'a/b', and
thousands are not grouped. English notation is assumed: in '1.234' the dot is a decimal
point and in '1,234' the comma groups. What is grouped in no regular way is a list:
'1,5' is 1 and 5. Digits with two or more dots ('1.2.3', an address, '1.000.000') are no number.
"""

from __future__ import annotations

import re
import unicodedata

_GROUPING = ",\u00a0\u2007\u2009\u202f"  # comma, and the spaces that do not break or are thin
_SIGNS = str.maketrans("\u2212\u2013\ufe63\uff0d\uff0b\uff05\uff04\uff0e\u2044\u2215\uff0f", "----+%$.///")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_POWER_OF_TEN = re.compile(r"(?<=10)[⁺⁻]?[⁰¹²³⁴-⁹]+")
_CROSS = re.compile(r"(?<=\d)[xX](?=\d)")
_CHUNK = re.compile(rf"(?<!\d)\d++(?:[.{_GROUPING}]\d++)++")
_GROUPED = re.compile(rf"[1-9]\d{{0,2}}([{_GROUPING}])\d{{3}}(?:\1\d{{3}})*+(?:\.\d+)?")
_DOTTED = re.compile(r"(?<!\d)\d++(?:\.\d++){2,}+")
_LATEX = (
    (re.compile(r"\\!"), ""),
    (re.compile(r"\\,"), "\u2009"),
    (re.compile(r"\\[;: ]"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\([$%])"), r"\1"),
    (re.compile(r"\\times|\\cdot"), "×"),
    (re.compile(r"(?<=\d)(?=\\[dtc]?frac)"), " "),
    (re.compile(r"\\[dtc]?frac\s?\{\s?(-?\d{1,400})\s?\}\s?\{\s?(\d{1,400})\s?\}"), r"\1/\2"),
    (re.compile(r"\\[dtc]?frac\s?(\d)\s?(\d)"), r"\1/\2"),
)
_BRACED_POWER = re.compile(r"\^\{\s?(-?\d+)\s?\}")


def plain(text: str) -> str:
    """The text with its numbers in plain spelling; everything else stays as it is."""
    if not text.isascii():
        text = _VULGAR.sub(_spell_fraction, text.translate(_SIGNS))
        text = _POWER_OF_TEN.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
        text = re.sub(r"\d", lambda m: str(unicodedata.decimal(m[0])), text)
    if "\\" in text:
        for spelling, rewritten in _LATEX:
            text = spelling.sub(rewritten, text)
    text = _CROSS.sub("×", _BRACED_POWER.sub(r"^\1", text))
    return _CHUNK.sub(_ungroup, text)


def _spell_fraction(match: re.Match[str]) -> str:
    """'½' as '1/2', set off where it follows a digit."""
    spelled = unicodedata.normalize("NFKC", match[0]).replace("\u2044", "/")
    follows = match.start() > 0 and match.string[match.start() - 1].isdecimal()
    return f" {spelled}" if follows else spelled


def _ungroup(match: re.Match[str]) -> str:
    if _GROUPED.fullmatch(match[0]):
        return re.sub(f"[{_GROUPING}]", "", match[0])
    spaced = re.sub(f"[{_GROUPING}]", lambda m: ", " if m[0] == "," else " ", match[0])
    return _DOTTED.sub(" ", spaced)
