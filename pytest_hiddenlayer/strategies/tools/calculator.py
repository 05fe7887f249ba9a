"""The tool `calculator`: arithmetic on exact numbers, without running any code.

An expression is parsed by Python's `ast`, and only numbers, operators, brackets and three functions are
computed, with the project's own arithmetic on fractions. Its length, its nesting and the size of every
intermediate number are bounded, so that every expression is computed in milliseconds.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction

MAX_CHARS = 200
"""Characters of an expression."""
MAX_BITS = 4096
"""Size of the numerator and the denominator of every intermediate number."""
MAX_EXPONENT = 1000
"""Absolute value of an exponent."""
MAX_DIGITS = 40
"""Digits of a whole result that are written out; a longer one is rounded: `1.23456789012e+45`."""

_WRITTEN = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "^": "**", "[": "(", "]": ")", "$": None, "`": None}
)
_TIMES = re.compile(r"(?<=[\d)])\s*[xX]\s*(?=[\d(])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NOT_ARITHMETIC = re.compile(r"[\\\\'\"#]|\d[a-df-wyzA-DF-WYZ]")
"""Strings, comments and `3and 4`: Python's parser would warn about some of them."""
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Mod: operator.mod,
}


def calculator(expression: str) -> str:
    """Calculates an arithmetic expression such as 3*(4+5)/2: + - * / // % **, brackets, sqrt, abs and round.

    Returns the exact value if it is a whole number of at most MAX_DIGITS digits, else 12 significant digits.
    Raises ValueError with a sentence for the model if the expression is not arithmetic, is too long, divides
    by zero, or has a number that is too large.
    """
    return _written(_value(_parsed(expression)))


def _parsed(expression: str) -> ast.expr:
    if len(expression) > MAX_CHARS:
        raise ValueError(f"the expression has {len(expression)} characters; write at most {MAX_CHARS}")
    text = _THOUSANDS.sub("", expression.translate(_WRITTEN).replace("\\*", "*"))
    text = _TIMES.sub("*", text).strip().rstrip("=? ").strip()
    if not text:
        raise ValueError("there is no expression; write one such as 3*(4+5)")
    try:
        if not _NOT_ARITHMETIC.search(text):
            return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        pass
    raise ValueError(f"{expression.strip()!r} is not arithmetic; write numbers and operators only")


def _value(node: ast.expr) -> Fraction:
    """The value of an expression. Its depth is bounded by MAX_CHARS."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(_fraction(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _computed(type(op), _value(left), _value(right))
        case ast.Call(func=ast.Name(id="sqrt" | "abs" | "round" as name), args=[argument], keywords=[]):
            return _applied(name, _value(argument))
    raise ValueError(f"{ast.unparse(node)!r} is not arithmetic; write numbers, + - * / // % **, sqrt, abs and round")


def _computed(op: type[ast.operator], left: Fraction, right: Fraction) -> Fraction:
    if right == 0 and op in (ast.Div, ast.FloorDiv, ast.Mod):
        raise ValueError("division by zero")
    return _bounded(_OPERATORS[op](left, right))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"the exponent is too large; write one from -{MAX_EXPONENT} to {MAX_EXPONENT}")
    if base == 0 and exponent < 0:
        raise ValueError("division by zero")
    if exponent.denominator != 1:
        return _root(base, exponent)
    if _bits(base) * abs(exponent.numerator) > 2 * MAX_BITS and abs(base) != 1:
        raise ValueError("the result is too large")
    return _bounded(Fraction(base**exponent.numerator))


def _root(base: Fraction, exponent: Fraction) -> Fraction:
    if base < 0:
        raise ValueError("a negative number has no such root")
    try:
        return _bounded(_fraction(float(base) ** float(exponent)))
    except OverflowError:
        raise ValueError("the result is too large") from None


def _applied(name: str, value: Fraction) -> Fraction:
    if name == "abs":
        return abs(value)
    if name == "round":
        return Fraction(math.floor(value + Fraction(1, 2)))
    if value < 0:
        raise ValueError("a negative number has no square root")
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return exact if exact * exact == value else _root(value, Fraction(1, 2))


def _fraction(number: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth, not the nearest binary fraction."""
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError("a number is too large")
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise ValueError("a number is too large")
    return value


def _written(value: Fraction) -> str:
    if value.denominator == 1 and abs(value) < 10**MAX_DIGITS:
        return str(value.numerator)
    try:
        return format(float(value), ".12g")
    except OverflowError:
        raise ValueError("the result is too large") from None
