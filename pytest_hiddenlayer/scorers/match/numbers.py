"""Finds the numbers in a text, as exact fractions.

It reads signs, decimals, grouped thousands, fractions and mixed numbers, scientific notation,
percentages and amounts of money ('-$1,234.50', 'USD 5'), in the digits of any script. It does
not compare currencies.

- A minus is a sign if it touches its number and nothing precedes it to subtract from:
  '-3' and '(-3)', but 3 in '5-3', '16 - 3', '3–5' and 'GPT-4'. Any dash is a minus. Parentheses
  are punctuation: '($5)' is 5.
- Digits after a letter belong to a name ('H2O', 'x1', 'x_1'). A unit may follow ('5kg').
- Powers other than powers of ten are not numbers: 'x^2 = 4' contains only 4, '9.8 m/s²' only 9.8.
- A dot is the decimal point and a comma groups ('1,234', '12,34,567'), unless both are there the
  other way round ('1.234,5'). '1.234' is less than 2; '1.234.567' is grouped. Spaces group if they
  are thin or do not break a line. Irregular grouping is a list: '1,5' is 1 and 5. Other digits
  with two or more dots ('1.2.3', an address) are not a number.
- A slash divides two numbers, with or without spaces: '10/10' is 1. A date is three numbers.
- Words are not read: 'five', 'million', '万'.
- More than 400 digits, or an exponent beyond ±400, is not a number, which bounds time and memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .number_spelling import plain_spelling

MAX_DIGITS = 400
MAX_EXPONENT = 400
MAX_DECIMALS = 1000

# Letters of spaced scripts only: in '答えは5です' the 5 is a number.
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
# After a letter of these scripts and of Hebrew and Arabic, a dash is a hyphen.
_HYPHENATED = rf"\d{_LETTER}\u0590-\u06ff"
_DECIMAL = r"(?:\d++(?:\.\d++)?|(?<!\.)\.\d++)"
_CODES = "USD|EUR|GBP|JPY|CHF|INR|CAD|AUD|NZD|CNY|RMB|KRW|BRL|MXN|SEK|NOK|DKK|PLN|TRY|ZAR"
_SYMBOLS = "¢£¤¥֏؋৲৳฿\u20a0-\u20c0￠￡￥￦"
_CURRENCY = rf"(?:(?:{_CODES}|Rs\.?|[A-Z]{{0,2}}\$)\s?|[{_SYMBOLS}]\s?)"
# '9.8 m s-2': the power of a unit that lost its mark.
_UNIT_POWER = re.compile(r"(?<=[\d\s·/.])((?:[mcdkµn]?[msgLl]|mol|K|N|J|W|V|A|Hz|Pa|min|h)-)(?=[1-4](?!\w|\.\d))")
_NUMBER = re.compile(
    rf"""
    (?P<minus>(?<![{_HYPHENATED}])(?<![-)\]}}%])-|(?:(?<=[=≈({{\[])|(?<=[=≈({{\[]\s))-[ ])?
    (?<![\d{_LETTER}])(?<![^\W_]_)(?<![)\]}}]_)(?<!\d\.)(?<!\^)(?<!\^[-+(])(?<!\^\([-+])
    (?:{_CURRENCY}(?P<inner_minus>-)?)?
    (?:
        (?:(?P<mantissa>{_DECIMAL})\s?[×xX*·]\s?)?10\s?\^\s?\(?(?P<power>[-+]?\d++)
      | (?<!\d/)(?<!\d/[ ])(?:(?P<whole>\d++)[ ])?(?P<top>{_DECIMAL})[ ]?/[ ]?
        (?=[\d.]*[1-9])(?P<bottom>{_DECIMAL})(?![ ]?/[ ]?\d)(?!\.\d)
      | (?P<decimal>{_DECIMAL})(?:[eE](?P<exponent>[-+]?\d++)(?![\d_{_LETTER}]|\.\d))?
    )
    (?!\s?\^\s?(?:[\w(+-]|\{{[^\\]))
    (?P<percent>\s?%|\s?(?i:percent|per\scent)\b)?
    """,
    re.VERBOSE,
)


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
    text = _UNIT_POWER.sub(r"\1^", plain_spelling(text))
    return [number for match in _NUMBER.finditer(text) for number in _read(match)]


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
    part = Fraction(match["top"]) / Fraction(match["bottom"])
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
