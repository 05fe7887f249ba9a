"""Numbers in running text, read exactly.

Read are: signs (also −), decimals, thousands separated by commas or narrow spaces, fractions
(3/4, 1 1/2, \\frac{3}{4}), percent, currency signs before the number, and scientific
notation (1e3, 1.5×10^3). A minus between two numbers is an operator: `5-3` holds 5 and 3.
`1.2.3` is read as 1.2; a date such as 12/24/1937 as three numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

_LONGEST = 400  # digits, and the size of an exponent: beyond it nothing is read, so that nothing can blow up
_NUMBER = re.compile(
    r"""
    (?P<sign>(?<![\w)\]%.])[-+\u2212])? (?:[$€£¥]\s?)? (?P<inner>(?<=[$€£¥])[-\u2212])?
    (?:
      \\[dt]?frac\{(?P<ln>\d{1,400})\}\{(?P<ld>\d{1,400})\}
    | (?<![\d.,/]) (?:(?P<whole>\d{1,400})[ ])? (?P<n>\d{1,400})\s?/\s?(?P<d>\d{1,400}) (?![\d/]|\.\d)
    | (?<![\d.]) (?P<int>\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?!\d) | \d+)? (?P<frac>\.\d+)?
      (?: [eE](?P<exp>[-+]?\d{1,6})(?!\w) | \s?[×x*·]\s?10\s?\^\s?\{?(?P<pow>[-+\u2212]?\d{1,6})\}? )?
    )
    (?P<percent>\s?%)?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """An exact number as it stood in a text."""

    value: Fraction  # the percent sign not applied: 50% is 50
    percent: bool = False

    def __str__(self) -> str:
        """Canonical: no exponent, no needless zeros; a fraction that is no decimal stays one."""
        return _plain(self.value) + ("%" if self.percent else "")

    def near(self, target: Number, rel_tol: float, abs_tol: float) -> bool:
        """|self − target| ≤ max(abs_tol, rel_tol · |target|).

        A percent sign on one side only is either a unit that was left out (50 for 50%) or
        applied (0.5 for 50%): both are accepted.
        """
        ours = {self.value}
        if self.percent != target.percent:
            ours.add(self.value / 100 if self.percent else self.value * 100)
        allowed = max(Fraction(abs_tol), Fraction(rel_tol) * abs(target.value))
        return any(abs(own - target.value) <= allowed for own in ours)


def numbers(text: str) -> Iterator[Number]:
    """Every number of a text, in order."""
    for match in _NUMBER.finditer(text):
        value = _value(match)
        if value is not None:
            minus = (match["sign"] or match["inner"]) in ("-", "\u2212")
            yield Number(value=-value if minus else value, percent=match["percent"] is not None)


def _value(match: re.Match[str]) -> Fraction | None:
    if match["ln"]:
        return _ratio(match["ln"], match["ld"])
    if match["n"]:
        part = _ratio(match["n"], match["d"])
        return None if part is None else part + int(match["whole"] or 0)
    if not match["int"] and not match["frac"]:
        return None
    digits = re.sub(r"[^\d]", "", match["int"] or "0") + (match["frac"] or "")
    exponent = int((match["exp"] or match["pow"] or "0").replace("\u2212", "-"))
    if len(digits) > _LONGEST or abs(exponent) > _LONGEST:
        return None
    return Fraction(Decimal(digits)) * Fraction(10) ** exponent


def _ratio(above: str, below: str) -> Fraction | None:
    return Fraction(int(above), int(below)) if int(below) else None


def _plain(value: Fraction) -> str:
    below = value.denominator
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    if below != 1:
        return f"{value.numerator}/{value.denominator}"
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    text = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    whole, part = (text[:-places], text[-places:]) if places else (text, "")
    return f"{'-' if value < 0 else ''}{whole}{'.' + part if part else ''}"
