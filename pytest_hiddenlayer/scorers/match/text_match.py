"""Finds whole words, phrases and numbers in a text, in any script.

What counts as whole depends on the script at the word's edge:

- In scripts with spaces, a letter, digit or underscore next to the word makes it another word.
- Scripts without spaces (Chinese, Japanese, Thai, Khmer, ...) have no such edge.
- Particles or the copula may follow a Korean noun ('서울입니다'), another noun may not ('서울대학교').
- Letters of two such kinds next to each other are two words ('Lima에서', 'AI是').
- A number must be a whole number: 10 is not in '10.5', '-10', 'minus 10', '10,000', '10/3', '√10',
  '10·10³' or '2010', but in '10.', '10%', '$10', '5-10' and '2024-10-05'.
- 'two' is not in 'twenty-two', and C not in 'C++'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .text_normalization import one_line, plain_text, unify_characters

_SPACELESS = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f"
    "\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_OTHER_SCRIPTS = re.compile(rf"[{_SPACELESS}{_HANGUL}]")
_KOREAN = re.compile(rf"[{_HANGUL}]")
_LETTER = re.compile(rf"[^\W{_SPACELESS}{_HANGUL}]")
_PARTICLES = (
    "특별시|광역시|시|에게서|한테서|에서|에게|에는|한테|께서|으로서|으로써|으로|로서|로써|부터|까지|마다|조차|마저|밖에|"
    "처럼|보다|만큼|이나|이랑|하고|이든|은|는|이|가|을|를|의|에|도|만|과|와|로|께|랑|나|야|뿐|쯤|들|님"
)
_COPULA = (
    "입니|이에요|에요|예요|이다|이며|이고|이지|이죠|죠|이라|이었|이어|이므|이기|이네|네요|이겠|이거든|이잖|이랍|이래|이더|지요|이군|군요|이자|인데|인지|인가|일까|였|"
    rf"라고|라는|라서|라며|이란|이요|(?:다|라|란|인|일|임|이)(?![{_HANGUL}])"
)
_NOUN_ENDING = re.compile(rf"(?:{_PARTICLES}){{0,3}}(?:(?![{_HANGUL}])|{_COPULA})")

_NUMBER_BEFORE = re.compile(r"(?:\d\.|(?<![\w)])\.|[√±]\s?|\^\{?-?|(?<![\w)\]}%])-[$€£¥]?|(?<![\d/])\d{1,9}/)$")
_GROUP_BEFORE = re.compile(r"\d[,']$")
_GROUP = re.compile(r"\d{3}(?!\d)")
_NUMBER_AFTER = re.compile(
    r"\.\d|[,']\d{3}(?!\d)|\s?[·×*x]\s?10\s?(?:\^|\*\*|[⁰-⁹¹²³⁻])|/\d{1,9}(?![\d/])|\s?\^\s?[\d{(-]"
)
_OPERATOR = re.compile(r"(?<!^)(?:\\s\+)?((?:\\[+*^]|[=<>≤≥≠×·/])+)(?:\\s\+)?(?!$)")
_SHARPENED = re.compile(r"(?<![^\W\d_])[^\W\d_](?:\+\+|#(?!\w))")  # 'C++' and 'C#' are not C
_TENS = re.compile(
    r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|vingt|trente|quarante|cinquante|soixante)-$",
    re.IGNORECASE,
)
_MINUS_WORD = re.compile(r"(?:\bnegative|(?:^|\b(?:is|to|of|at|equals|about|[=:]))\s*\bminus)\s$", re.IGNORECASE)
_SIGNED = re.compile(r"[-+][$€£¥]?[\d.]")
_DATE_BEFORE, _DATE_AFTER = re.compile(r"\d/\d{1,9}$"), re.compile(r"\d{1,9}/\d")  # 'n/n/n' is no fraction
_WINDOW = 16
"""Characters before a number that are looked at."""


def has_word(text: str, word: str, *, ignore_case: bool = True) -> bool:
    """Returns whether `text` contains `word` (a word or a phrase, with any white space inside) as a whole.

    Characters that look alike are equal, and emphasis does not count (see `text_normalization`). A
    word that itself has such marks, as `__init__`, is also looked for in the text with its marks.
    """
    spellings = [[_fold(spell(raw), ignore_case) for raw in (text, word)] for spell in (plain_text, unify_characters)]
    return any(next(whole_spans(*pair), None) is not None for pair in spellings if pair[1])


def whole_spans(
    text: str, word: str, *, ignore_case: bool = False, spaced_operators: bool = False
) -> Iterator[tuple[int, int]]:
    """Yields (start, end) of each occurrence of `word` in `text` as a whole; any white space equals any other.

    `spaced_operators`: white space around an operator ('x = 2') may also be missing or added.
    """
    pattern = r"\s+".join(map(re.escape, word.split()))
    if spaced_operators:
        pattern = _OPERATOR.sub(r"\\s*\1\\s*", pattern)
    for match in re.finditer(f"(?=({pattern}))", text, re.IGNORECASE * ignore_case):
        start, end = match.span(1)
        if start < end and _begins(text, start) and _ends(text, end):
            yield start, end


def _begins(text: str, start: int) -> bool:
    """Whether a word may begin here: nothing before it belongs to it."""
    before, first = text[start - 1 : start], text[start]
    if first not in "$€£¥" and _is_joined(before, first):  # 'US$10' contains '$10'
        return False
    preceding = text[max(0, start - _WINDOW) : start]
    if first.isdigit():
        is_group = _GROUP_BEFORE.search(preceding) and _GROUP.match(text, start)
        if _MINUS_WORD.search(preceding):
            return False
        longer = _NUMBER_BEFORE.search(preceding)
        in_date = longer is not None and longer[0].endswith("/") and _DATE_AFTER.match(text, start) is not None
        return not is_group and (longer is None or in_date)
    if first in "$€£¥" and re.search(r"(?<![\w)\]}%])-$", preceding):
        return False
    if first.isalpha() and _TENS.search(preceding):
        return False
    return not (_SIGNED.match(text, start) and re.search(r"[\w)\]}%]$", preceding))


def _ends(text: str, end: int) -> bool:
    """Whether a word may end here: nothing after it belongs to it."""
    last, after = text[end - 1], text[end : end + 1]
    if _KOREAN.match(last):
        return _NOUN_ENDING.match(text, end) is not None
    if after and unicodedata.category(after) in ("Mn", "Mc") and not _is_vowel_point(after):
        return False  # a vowel sign makes another syllable of the last letter
    following = text[end:].lstrip(_VOWEL_POINTS)[:1] if _is_vowel_point(after) else after
    if _is_joined(following, last) or _SHARPENED.match(text, end - 1):
        return False
    if not last.isdigit() or (longer := _NUMBER_AFTER.match(text, end)) is None:
        return True
    return longer[0].startswith("/") and _DATE_BEFORE.search(text[max(0, end - _WINDOW) : end]) is not None


_VOWEL_POINTS = "".join(map(chr, (*range(0x0591, 0x05C8), *range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670)))
"""Hebrew and Arabic vowel signs, which may be left out."""


def _is_vowel_point(character: str) -> bool:
    return character != "" and character in _VOWEL_POINTS


def _is_joined(neighbour: str, edge: str) -> bool:
    """Whether the neighbour makes a longer word of the one with this edge."""
    if _KOREAN.match(neighbour):
        return _KOREAN.match(edge) is not None
    return _LETTER.match(neighbour) is not None and not _OTHER_SCRIPTS.match(edge)


def _fold(text: str, ignore_case: bool) -> str:
    text = one_line(text)
    return unicodedata.normalize("NFC", text.casefold()) if ignore_case else text
