"""Finds the numbers in a text, as exact fractions.

It reads signs, decimals, grouped thousands, fractions and mixed numbers, scientific notation,
percentages and amounts of money ('-$1,234.50', 'USD 5'). It does not compare currencies.

- A minus is a sign if it touches its number and nothing precedes it to subtract from:
  '-3' and '(-3)', but 3 in '5-3', '16 - 3' and 'GPT-4'.
- Digits after a letter belong to a name ('H2O', 'x1', 'x_1'). A unit may follow ('5kg').
- Powers other than powers of ten are not numbers: 'x^2 = 4' contains only 4.
- Notation is English: the dot in '1.234' is a decimal point, the comma in '1,234' groups.
  Irregular grouping is a list: '1,5' is 1 and 5. Digits with two or more dots ('1.2.3', an
  address, '1.000.000') are not a number.
- More than 400 digits, or an exponent beyond ±400, is not a number, which bounds time and memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 400
MAX_EXPONENT = 400
MAX_DECIMALS = 1000

# Letters of spaced scripts only: in '答えは5です' the 5 is a number.
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
_DECIMAL = r"(?:\d++(?:\.\d++)?|(?<!\.)\.\d++)"
_CURRENCY = r"(?:(?:USD|EUR|GBP|JPY|CHF|INR|Rs\.?|[A-Z]{0,2}\$)\s?|[€£¥₹]\s?)"
_NUMBER = re.compile(
    rf"""
    (?P<minus>(?<![^\W_])(?<![-)\]}}%])-)?
    (?<![\d{_LETTER}])(?<![A-Za-z]_)(?<!\d\.)(?<!\^)(?<!\^-)(?<!\^\()
    (?:{_CURRENCY}(?P<inner_minus>-)?)?
    (?:
        (?:(?P<mantissa>{_DECIMAL})\s?[×x*·]\s?)?10\^\(?(?P<power>[-+]?\d++)
      | (?<!\d/)(?:(?P<whole>\d++)[ ])?(?P<top>\d++)/(?!0++(?![\d.]))(?P<bottom>\d++)(?![/.]\d)
      | (?P<decimal>{_DECIMAL})(?:[eE](?P<exponent>[-+]?\d++)(?!\w|\.\d))?
    )
    (?!\s?\^\s?(?:[\w(-]|\{{[^\\]))
    (?P<percent>\s?%|\s?(?i:percent|per\scent)\b)?
    """,
    re.VERBOSE,
)

_GROUPING = ",\u00a0\u2007\u2009\u202f"  # comma, and non-breaking or thin spaces
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number as written: '50%' has the value 50 and is a percentage."""

    value: Fraction
    percent: bool = False

    def __str__(self) -> str:
        """The canonical spelling: no exponent, no trailing zeros, 'a/b' if no decimal is exact."""
        return _spell(self.value) + ("%" if self.percent else "")


def find_numbers(text: str) -> list[Number]:
    """Returns all numbers of the text in order. Never raises."""
    return [number for match in _NUMBER.finditer(_plain_spelling(text)) for number in _read(match)]


def _read(match: re.Match[str]) -> Iterator[Number]:
    if any(len(digits) > MAX_DIGITS for digits in re.findall(r"\d+", match[0])):
        return
    exponent = int(match["power"] or match["exponent"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        return
    sign = -1 if match["minus"] or match["inner_minus"] else 1
    *leading, last = _values(match)
    yield from (Number(value=sign * value) for value in leading)
    last = last if leading else sign * last
    yield Number(value=last * Fraction(10) ** exponent, percent=bool(match["percent"]))


def _values(match: re.Match[str]) -> list[Fraction]:
    """The value; two values if the fraction after a whole number is at least one: '20 20/4'."""
    if match["top"] is None:
        return [Fraction(match["decimal"] or match["mantissa"] or 1)]
    part = Fraction(int(match["top"]), int(match["bottom"]))
    if match["whole"] is None:
        return [part]
    whole = Fraction(match["whole"])
    return [whole + part] if part < 1 else [whole, part]


def _spell(value: Fraction) -> str:
    decimals = _decimals(value.denominator)
    if decimals is None:
        return f"{value.numerator}/{value.denominator}"
    if decimals == 0:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**decimals // value.denominator).zfill(decimals + 1)
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def _decimals(denominator: int) -> int | None:
    """The number of decimals that spell this denominator exactly; None if it has no exact decimal or too many."""
    count = {2: 0, 5: 0}
    for prime in count:
        while denominator % prime == 0:
            denominator //= prime
            count[prime] += 1
    decimals = max(count.values())
    return decimals if denominator == 1 and decimals <= MAX_DECIMALS else None


def _plain_spelling(text: str) -> str:
    """The text with its numbers respelled: ASCII digits, '-', '^' for powers, 'a/b', no grouping."""
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
    """'½' as '1/2', after a space if a digit precedes it."""
    spelled = unicodedata.normalize("NFKC", match[0]).replace("\u2044", "/")
    follows = match.start() > 0 and match.string[match.start() - 1].isdecimal()
    return f" {spelled}" if follows else spelled


def _ungroup(match: re.Match[str]) -> str:
    if _GROUPED.fullmatch(match[0]):
        return re.sub(f"[{_GROUPING}]", "", match[0])
    spaced = re.sub(f"[{_GROUPING}]", lambda m: ", " if m[0] == "," else " ", match[0])
    return _DOTTED.sub(" ", spaced)
