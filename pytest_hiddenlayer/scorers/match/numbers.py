"""Numbers in a text, as exact fractions.

What is read: signs, decimals, grouped thousands, fractions and mixed numbers, scientific
notation, percent, and amounts of money ('-$1,234.50', 'USD 5'; which currency is not compared).

- A minus is a sign where it touches its number and nothing that could be subtracted from:
  '-3' and '(-3)', but 3 in '5-3', '16 - 3' and 'GPT-4'.
- Digits that follow a letter are part of a name ('H2O', 'x1', 'x_1'); a unit may follow ('5kg').
- Powers are no numbers, except those of ten; in 'x^2 = 4' there is only 4.
- More than 400 digits, or an exponent beyond ±400, is no number: nothing here takes unbounded
  time or memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .numerals import plain

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number as written: '50%' has the value 50 and is a percent."""

    value: Fraction
    percent: bool = False

    def __str__(self) -> str:
        """The canonical spelling: no exponent, no trailing zeros, 'a/b' where no decimal is exact."""
        return _spell(self.value) + ("%" if self.percent else "")


def find_numbers(text: str) -> list[Number]:
    """All numbers of the text in order. Never raises."""
    return [number for match in _NUMBER.finditer(plain(text)) for number in _read(match)]


def _read(match: re.Match[str]) -> Iterator[Number]:
    if any(len(digits) > MAX_DIGITS for digits in re.findall(r"\d+", match[0])):
        return
    exponent = int(match["power"] or match["exponent"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        return
    sign = -1 if match["minus"] or match["inner_minus"] else 1
    *others, last = _values(match)
    yield from (Number(value=sign * value) for value in others)
    last = last if others else sign * last
    yield Number(value=last * Fraction(10) ** exponent, percent=bool(match["percent"]))


def _values(match: re.Match[str]) -> list[Fraction]:
    """The value; two where the fraction after a whole number is not below one: '20 20/4'."""
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
    """How many decimals spell a fraction of this denominator exactly; None where none or too many do."""
    count = {2: 0, 5: 0}
    for prime in count:
        while denominator % prime == 0:
            denominator //= prime
            count[prime] += 1
    decimals = max(count.values())
    return decimals if denominator == 1 and decimals <= MAX_DECIMALS else None
