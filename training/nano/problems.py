"""Sums and chains of sums: their value, their key and their written working."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Number = int


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers joined by `+`, `-` or `*`; a difference is never negative."""

    left: Number
    operator: str
    right: Number

    @property
    def text(self) -> str:
        """The expression: `23+45`."""
        return f"{self.left}{self.operator}{self.right}"

    @property
    def value(self) -> Number:
        """What it comes to."""
        if self.operator == "+":
            return self.left + self.right
        return self.left - self.right if self.operator == "-" else self.left * self.right

    @property
    def key(self) -> str | None:
        """Operator and operands, sorted if the operator is commutative; None for a step between digits."""
        return sum_key(self.left, self.operator, self.right)

    @property
    def steps(self) -> tuple[Sum, ...]:
        """The other sums in its written working."""
        if self.operator != "*" or self.right < 10:
            return ()
        return (*_partial_products(self), *_partial_totals(self))

    @property
    def worked(self) -> str:
        """The working digit by digit from the right, each step with its carry: `23+48: 3+8+0=11, 2+4+1=7`."""
        if self.operator == "*" and self.right >= 10:
            return _worked_long(self)
        return f"{self.text}: {_DIGITS[self.operator](self.left, self.right)}"


def sum_key(left: Number, operator: str, right: Number) -> str | None:
    """Return the key of a sum, or None for a step between digits such as 12-7 or 3+8, which is a tool."""
    if right <= 9 and (left <= 9 or (left <= 19 and operator == "-")):
        return None
    if operator == "-":
        return f"{left}-{right}"
    return f"{min(left, right)}{operator}{max(left, right)}"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators applied from left to right to a first number."""

    first: Number
    rest: tuple[tuple[str, Number], ...]

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums in the order of the computation."""
        total, sums = self.first, []
        for operator, number in self.rest:
            sums.append(Sum(total, operator, number))
            total = sums[-1].value
        return tuple(sums)

    @property
    def value(self) -> Number:
        """What it comes to."""
        return self.sums[-1].value

    @property
    def worked(self) -> str:
        """The working of every sum: `22+86: 2+6+0=8, 2+8+0=10. 108-40: 8-0-0=8, 10-4-0=6`."""
        return ". ".join(step.worked for step in self.sums)

    @property
    def stated(self) -> str:
        """Every sum with its value, without working: `22+86=108. 108-40=68`."""
        return ". ".join(f"{step.text}={step.value}" for step in self.sums)


def _added(left: Number, right: Number) -> str:
    steps, carry = [], 0
    for a, b in _columns(left, right):
        steps.append(f"{a}+{b}+{carry}={a + b + carry}")
        carry = (a + b + carry) // 10
    return ", ".join(steps)


def _subtracted(left: Number, right: Number) -> str:
    steps, borrowed = [], 0
    for a, b in _columns(left, right):
        lent = 10 if a - b - borrowed < 0 else 0
        steps.append(f"{a + lent}-{b}-{borrowed}={a + lent - b - borrowed}")
        borrowed = lent // 10
    return ", ".join(steps)


def _multiplied(left: Number, digit: Number) -> str:
    steps, carry = [], 0
    for a in _digits(left):
        steps.append(f"{a}*{digit}+{carry}={a * digit + carry}")
        carry = (a * digit + carry) // 10
    return ", ".join(steps)


_DIGITS = {"+": _added, "-": _subtracted, "*": _multiplied}


def _digits(number: Number) -> list[int]:
    """Return the digits from right to left."""
    return [int(digit) for digit in reversed(str(number))]


def _columns(left: Number, right: Number) -> Sequence[tuple[int, int]]:
    width = max(len(str(left)), len(str(right)))
    return list(zip(_digits(int(left)) + [0] * width, _digits(int(right)) + [0] * width, strict=False))[:width]


def _partial_products(product: Sum) -> list[Sum]:
    return [Sum(product.left, "*", digit) for digit in _digits(product.right)]


def _partial_totals(product: Sum) -> list[Sum]:
    totals: list[Sum] = []
    for place, part in enumerate(_partial_products(product)):
        shifted = part.value * 10**place
        if place:
            totals.append(Sum(totals[-1].value if totals else _first_part(product), "+", shifted))
    return totals


def _first_part(product: Sum) -> Number:
    return _partial_products(product)[0].value


def _worked_long(product: Sum) -> str:
    parts = [f"{part.worked}, {part.value}" for part in _partial_products(product)]
    totals = [f"{total.worked}, {total.value}" for total in _partial_totals(product)]
    return ". ".join([*parts, *totals])
