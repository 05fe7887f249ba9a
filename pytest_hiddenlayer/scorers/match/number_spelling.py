r"""Respells the numbers of a text in ASCII, so that one pattern reads them in any script and markup.

'−1 250,5', '١٬٢٥٠٫٥', '12{,}500', '5 m/s²' and '\frac{1}{6}' become '-1250.5', '1250.5', '12500',
'5 m/s^2' and '1/6'. Words and the order of the text stay.
"""

from __future__ import annotations

import re
import unicodedata

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u02d7\u2212\u2796\ufe58\ufe63\uff0d"
_CHARACTERS = str.maketrans(
    _DASHES + "＋﹢％﹪٪＄﹩．٫，٬،﹐／⁄∕＾＊～（）［］⋅∙•✕✖⨯’＇",
    "-" * len(_DASHES) + "++%%%$$..,,,,///^*~()[]···×××''",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_TO_PLAIN = str.maketrans(_SUPERSCRIPTS + _SUBSCRIPTS, "0123456789+-0123456789")
LOWERED = re.compile(rf"[{_SUBSCRIPTS}]+")
_SMALL_FRACTION = re.compile(rf"(?<![{_SUPERSCRIPTS}])([{_SUPERSCRIPTS[:10]}]++)/([{_SUBSCRIPTS}]++|\d++)")
VULGAR_FRACTION = re.compile("[¼-¾⅐-⅞↉]")
_FOOTNOTE = re.compile(rf"(?<=[\d%])(?<!10)¹(?![{_SUPERSCRIPTS}])")
RAISED = re.compile(rf"[⁺⁻]?[{_SUPERSCRIPTS[:10]}]+")
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # where 3~5 is a range


def _unbold(match: re.Match[str]) -> str:
    return f"{match[1]} {match[2]}" if match[2] else match[1]


def _raise_or_lower(match: re.Match[str]) -> str:
    return f"{'^' if match[1].lower() == 'sup' else '_'}{{{match[2]}}}"


_MARKUP = (
    (re.compile(r"<sup>\s?(\d+)\s?</sup>\s?/\s?<sub>\s?(\d+)\s?</sub>", re.I), r" \1/\2"),
    (re.compile(r"(?<![\w)\]}*])\*\*(?=[^\s*])((?:(?!\*\*)[^\n])*)(?<!\s)\*\*(\w?)"), _unbold),
    (re.compile(r"<(sup|sub)>([^<>]{1,40})</\1>", re.I), _raise_or_lower),
    (re.compile(r"(?<=[\w)\]}])(?:\*\*|[ ]\*\*[ ]|[ ]?\^[ ]?)(?=[-+]?[({]?[-+]?\d)"), "^"),
    (re.compile(r"\^\{?\s?(st|nd|rd|th)\b\}?"), r"\1"),
    (re.compile(r"([\^_])\{\s?([-+]?\w+)\s?\}"), r"\1\2"),
)
_BRACED_GROUPING = re.compile(r"\{\s?(\\?,|~|\\[:; ])\s?\}")  # {,}
_WRAPPED_COMMA = re.compile(r"\\(?:text|math)[a-z]*\s?(?=\{,\})")  # \text{,}
# A true minus sign is no bullet: with a space behind it and nothing to subtract from it belongs to its number.
_MINUS = re.compile(r"(?<![\w)\]}%°])(?<![\w)\]}%°][ ])\u2212[ ](?=[\d.$€£¥])")
_LATEX_COMMA = re.compile(r"(?<![\d,.}])(\d++)\{\s?,\s?\}(\d++)(?!\{)")
_NUMERAL = r"[-+]?(?:\d{1,400}(?:\.\d{1,400})?|\.\d{1,400})"
_LATEX = (
    (re.compile(r"\\(?:text|math)[a-z]*\s?\{([^{}]*)\}|\\mbox\{([^{}]*)\}"), lambda m: m[1] or m[2] or ""),
    (re.compile(r"\\(?:display|text)style\b|\\(?:left|right)(?![a-z])|\\!"), ""),
    (re.compile(r"(?<=\d)[ ]\\,[ ](?=\d{3}(?!\d))"), "\u2009"),
    (re.compile(r"\\(?:[,;: ]|(?:thin|med|thick)space(?![a-z])\s?)"), "\u2009"),
    (re.compile(r"\\([$%_&#])"), r"\1"),
    (re.compile(r"\\(?:times|cdot)(?![a-z])\s?"), "×"),
    (re.compile(r"(?<=×)\{10\}"), "10"),
    (re.compile(r"(?<=\d)[\s~]?(?=\\(?:[dtcs]|nice)?frac)"), " "),
)
_FRACTION = re.compile(
    rf"\\(?:[dtcs]|nice)?frac\s?(?:\{{\s?({_NUMERAL})\s?\}}|(\d))\s?(?:\{{\s?({_NUMERAL})\s?\}}|(\d))"
)
_OVER = re.compile(rf"\{{\s?({_NUMERAL})\s?\\over\s?({_NUMERAL})\s?\}}")

_SPACES = "\u00a0\u2007\u2008\u2009\u202f"  # no-break and thin
_GROUPING = rf",'_~{_SPACES}"
_CHUNK = re.compile(rf"(?<![\d.])\d++(?:[.{_GROUPING}]\d++)++")
# Alone in the text, a box, bold or dollars a plain space groups too: two numbers would have a comma between them.
_SPACED_GROUPS = re.compile(
    r"(?:(?<=boxed\{)|(?<=\$)|(?<=\*\*)|\A)\s{0,2}[-+]?[1-9]\d{0,2}(?: \d{3})+"
    r"(?=(?:\.\d+)?\s?(?:[}$]|\*\*|\.?\s{0,2}\Z))"
)
_DECIMALS = r"(?:\.\d+)?"
_GROUPED = re.compile(rf"[1-9]\d{{0,2}}([{_GROUPING}])\d{{3}}(?:\1\d{{3}})*+{_DECIMALS}")
_INDIAN = re.compile(rf"[1-9]\d?(?:,\d\d)+,\d{{3}}{_DECIMALS}")
_GROUPED_DECIMALS = re.compile(rf"\d+\.\d{{3}}([~{_SPACES}])(?:\d{{3}}\1)*\d{{1,3}}")  # 3.141 59
_DECIMAL_COMMA = re.compile(rf"[1-9]\d{{0,2}}([.'{_SPACES}])\d{{3}}(?:\1\d{{3}})*+,\d+")
_DOT_GROUPED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){2,}")
_ADDRESS = re.compile(r"(?:[12]?\d?\d\.){3}[12]?\d?\d")
_DOTTED = re.compile(r"(?<!\d)\d++(?:\.\d++){2,}+")
_CHAIN = re.compile(r"(?<![\d/])\d++(?:[ ]?/[ ]?\d++){2,}+")  # a date
_LEADING_PERCENT = re.compile(r"(?<![\d)\]}])(?<![\d)\]}]\s)%\s?([-+]?\d[\d.,]*)(?![\d%])")
_COMMAS_ONLY = re.compile(r"\d+(?:,\d+)*(?:\.\d+)?")
_CROSS = re.compile(r"(?<=\d)[xX](?=\d)")


def plain_spelling(text: str) -> str:
    """Returns the text with its numbers respelled: ASCII digits, '-', '^' for powers, 'a/b', no grouping."""
    if not text.isascii():
        text = _in_ascii(_MINUS.sub("-", text))
    for pattern, rewritten in _MARKUP:
        text = pattern.sub(rewritten, text)
    text = _BRACED_GROUPING.sub(r"\1", with_decimal_points(text))
    if "\\" in text:
        text = _without_latex(text)
    if "~" in text and _SPACELESS.search(text):
        text = text.replace("~", " ~ ")
    text = _SPACED_GROUPS.sub(lambda m: m[0].replace(" ", ""), text)
    text = _CHUNK.sub(_ungroup, text)
    if "\\" in text:
        text = _OVER.sub(r"\1/\2", _FRACTION.sub(_spell_latex_fraction, text))
    text = _CHAIN.sub(lambda m: m[0].replace("/", ", ") + ",", text)
    return _LEADING_PERCENT.sub(r"\1%", _CROSS.sub("×", text))


def _in_ascii(text: str) -> str:
    text = ascii_characters(text)
    text = _SMALL_FRACTION.sub(lambda m: f" {m[0].translate(_TO_PLAIN)}", text)
    text = VULGAR_FRACTION.sub(_spell_vulgar_fraction, text)
    text = _FOOTNOTE.sub("", text)
    return RAISED.sub(lambda m: "^" + m[0].translate(_TO_PLAIN), text)


def ascii_characters(text: str) -> str:
    """Returns the text with ASCII digits, dashes, signs and separators, and without invisible characters.

    Raised and lowered digits, vulgar fractions, letters and other symbols stay.
    """
    text = _INVISIBLE.sub("", text).translate(_CHARACTERS)
    return re.sub(r"\d", lambda m: str(unicodedata.decimal(m[0])), text)


def without_grouping(text: str) -> str:
    """Returns the text with '12~500', '1'250' and '1.250,5' as '12500', '1250' and '1250.5'; plain commas stay."""
    text = _SPACED_GROUPS.sub(lambda m: m[0].replace(" ", ""), text)
    return _CHUNK.sub(lambda m: m[0] if _COMMAS_ONLY.fullmatch(m[0]) else (_joined(m[0]) or m[0]), text)


def with_decimal_points(text: str) -> str:
    """Returns the text with '1{,}5' as '1.5'; before a group of three digits `{,}` stays, for it groups."""
    return _LATEX_COMMA.sub(_spell_latex_comma, _WRAPPED_COMMA.sub("", text))


def _spell_latex_comma(match: re.Match[str]) -> str:
    whole, rest = match.groups()
    groups = len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0")
    return match[0] if groups else f"{whole}.{rest}"


def plain_digits(raised_or_lowered: str) -> str:
    """Returns '-12' for '⁻¹²' and '12' for '₁₂'."""
    return raised_or_lowered.translate(_TO_PLAIN)


def vulgar_fraction(character: str) -> tuple[str, str]:
    """Returns the numerator and the denominator of a character such as '½'."""
    top, _, bottom = unicodedata.normalize("NFKC", character).partition("\u2044")
    return top, bottom


def _without_latex(text: str) -> str:
    for pattern, rewritten in (*_LATEX, *_MARKUP[-2:]):
        text = pattern.sub(rewritten, text)
    return text


def _spell_vulgar_fraction(match: re.Match[str]) -> str:
    """'½' as '1/2', after a space if a digit precedes it."""
    spelled = "/".join(vulgar_fraction(match[0]))
    follows = match.start() > 0 and match.string[match.start() - 1].isdecimal()
    return f" {spelled}" if follows else spelled


def _spell_latex_fraction(match: re.Match[str]) -> str:
    top, bottom = match[1] or match[2], match[3] or match[4]
    negative = top.startswith("-") != bottom.startswith("-")
    return f"{'-' if negative else ''}{top.lstrip('+-')}/{bottom.lstrip('+-')} "


def _ungroup(match: re.Match[str]) -> str:
    """A grouped number without its groups; a list, a range or a version as separate words."""
    joined = _joined(match[0])
    if joined is not None:
        return joined
    spaced = re.sub(f"[,'~{_SPACES}]", lambda m: ", " if m[0] == "," else " ", match[0])
    return _DOTTED.sub(" ", spaced)


def _joined(chunk: str) -> str | None:
    """The number that the chunk groups; None if its grouping is irregular."""
    if _GROUPED.fullmatch(chunk) or _INDIAN.fullmatch(chunk):
        return re.sub(f"[{_GROUPING}]", "", chunk)
    if _GROUPED_DECIMALS.fullmatch(chunk):
        return re.sub(rf"[~{_SPACES}]", "", chunk)
    if _DECIMAL_COMMA.fullmatch(chunk):
        return re.sub(rf"[.'{_SPACES}]", "", chunk).replace(",", ".")
    if _DOT_GROUPED.fullmatch(chunk) and not _ADDRESS.fullmatch(chunk):
        return chunk.replace(".", "")
    return None
