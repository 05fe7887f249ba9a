"""One spelling for characters and markup that a reader cannot distinguish, shared by all scorers.

Two steps, which a scorer applies separately:

- `unify_characters`: canonical composition (NFC), straight quotes, ASCII hyphens, plain spaces,
  subscripts as digits, full-width letters and digits as ASCII ones; invisible characters are removed. It is not NFKC,
  which would turn x² into x2, ½ into 1⁄2 and ① into 1.
- `strip_emphasis`: Markdown emphasis, code spans, escapes and HTML's `<b>`, `<i>`, … around words.
  `snake_case`, `__init__`, `2*3*4` and `2**3` keep their signs.

| scorer | characters | emphasis |
| --- | --- | --- |
| `keyword`, `choice`, words of `rules` | yes | removed |
| `exact` | NFC only; all with `normalize: true` | removed with `normalize: true` |
| group of `pattern` against the target, `starts_with` and `ends_with` of `rules` | yes | kept |
| regular expressions, `numeric`, `math` | NFC only, or their own notation | kept |
"""

from __future__ import annotations

import html
import re
import unicodedata

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2044\u2215", "/"),
        **{chr(0x2080 + digit): str(digit) for digit in range(10)},  # H₂O is H2O, but x² is not x2
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
        **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
        **dict.fromkeys("\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u0085\u2028\u2029", "\n"),
        "\u2026": "...",
        # Invisible: soft hyphen, zero-width space, word joiner, byte order mark, directions, variation selectors.
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e", ""),
        **dict.fromkeys("\u2066\u2067\u2068\u2069\ufe0e\ufe0f", ""),
    }
)
# Full-width and half-width forms, and Latin ligatures.
_WIDTH = re.compile("[\uff01-\uff9f\uffe0\uffe1\uffe5\uffe6\ufb00-\ufb06]+")
# Joiners are spelling in Persian and Indic scripts and in emoji, and invisible elsewhere.
_JOINERS = re.compile("(?:(?<=[\x00-\u024f])|^)[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\u024f]|$)")

# A letter or digit of a script that separates words by spaces; CJK and Hangul may touch markup.
_WORD = "A-Za-z0-9_\u00c0-\u024f\u0370-\u052f"
_CODE = r"(?<!`)(?P<ticks>`{1,2})(?!`)[^`\n]+(?<!`)(?P=ticks)(?!`)"
_STRONG = (
    r"(?<![\*\\])(?P<stars>\*{2,3})(?=[^\s*])(?P<strong>[^*\n]*[^\s*])(?P=stars)(?!\*)",
    rf"(?<![{_WORD})\]*\\])(?P<star>\*)(?=[^\s*])(?P<plain>[^*\n]*[^\s*])(?P=star)(?![{_WORD}*])",
    rf"(?<![{_WORD}\\])(?P<bars>_{{1,3}})(?=[^\s_])(?P<under>(?:[^_\n]|(?<=\w)_(?=\w))*[^\s_])(?P=bars)(?![{_WORD}])",
)
_EMPHASIS = re.compile("|".join((_CODE, *_STRONG)))
_SPANS = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]+)(?<!`)\1(?!`)")
_TICK = re.compile(r"(?<=[^\W\d_])(?<![^\n]`[^\W\d_])`(?=[^\W\d_])(?![^\n]*`)")  # don`t, not `code`
_ENTITY = re.compile(r"&(?:nbsp|amp|quot|apos|lt|gt|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_ESCAPED = re.compile(r"\\([_*#&%$~\[\]])")
_HTML = re.compile(r"<(b|strong|i|em|u|mark|code|sub)>([^<]*)</\1>", re.IGNORECASE)
_TOUCHES = re.compile(rf"[{_WORD})\]]")
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_MAX_NESTING = 3


def unify_characters(text: str) -> str:
    """Returns the text in NFC with one character for those that look alike, without invisible ones."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)  # first: a few characters compose to one that is replaced below
    text = _WIDTH.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _JOINERS.sub("", text.translate(_ALIKE))
    return unicodedata.normalize("NFC", text)


def strip_emphasis(text: str) -> str:
    """Returns the text without the marks of bold, italic and code around words; what they enclose stays."""
    for _ in range(_MAX_NESTING):
        stripped = _EMPHASIS.sub(_content, _HTML.sub(r"\2", text))
        if stripped == text:
            break
        text = stripped
    return _ESCAPED.sub(r"\1", _TICK.sub("'", _SPANS.sub(lambda match: match[2], text)))


def plain_text(text: str) -> str:
    """Returns the text with unified characters and without emphasis; its lines stay."""
    return strip_emphasis(unify_characters(_ENTITY.sub(lambda match: html.unescape(match[0]), text)))


def one_line(text: str) -> str:
    """Returns the text with each run of white space as one space, stripped."""
    return " ".join(text.split())


def _content(match: re.Match[str]) -> str:
    if match["strong"] is not None:
        return match[0] if _is_power(match) else match["strong"]
    if match["plain"] is not None:
        return match["plain"]
    if match["under"] is not None:
        is_dunder = match["bars"] == "__" and _IDENTIFIER.fullmatch(match["under"])
        return match[0] if is_dunder else match["under"]
    return match[0]  # code: emphasis inside it is content


def _is_power(match: re.Match[str]) -> bool:
    """Whether the stars are operators: a number before them, or words on both sides ('x**2 + y**z')."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return before.isdigit() or (_TOUCHES.match(before) is not None and _TOUCHES.match(after) is not None)
