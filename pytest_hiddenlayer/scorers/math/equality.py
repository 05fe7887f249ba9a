r"""Decides whether two parsed expressions are equal.

math-verify compares decimals by their first six places, and treats the difference of two tiny
numbers as zero. Here numbers are compared exactly: 0.1234564 is not 0.1234561, and 2^{-98} is not
2^{-99}. One approximation counts: a decimal of at least six places and five significant digits
equals a number that no decimal writes exactly and that it rounds (0.333333 for 1/3, 1.414214
for \sqrt{2}), or cuts off if it has more than six places (1.4142135).
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import starmap
from typing import Any

MIN_PLACES = 6
MIN_DIGITS = 5
DIGITS = 30  # significant digits to which irrational numbers are computed
TOLERANCE = Decimal("1e-20")  # relative difference below which two irrational numbers are equal

UNCOMPUTABLE = (ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError)
"""What sympy raises for numbers that it cannot compute, such as an integral without a value."""

_BASED = re.compile(r"([0-9A-Za-z]+)_\{?(\d{1,2})\}?")
_DECIMAL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)")


def equal(expected: list[Any], actual: list[Any]) -> bool:
    """Returns whether two results of `read_expressions` are mathematically equal. False if one is empty."""
    from math_verify import verify

    if not expected or not actual:
        return False
    if _differ_in_base(expected[-1], actual[-1]):
        return False
    pair = _as_vectors(*_with_imaginary_unit(_with_text(expected), _with_text(actual)))
    try:
        if all(map(_is_constant, pair)):
            return _same_number(*pair)
        differ = _differ(*pair)
    except UNCOMPUTABLE:
        differ = False
    texts = [[value, *parsed[1:]] for value, parsed in zip(pair, (expected, actual), strict=True)]
    return not differ and bool(verify(*texts, timeout_seconds=None, allow_set_relation_comp=True))


def _differ_in_base(expected: Any, actual: Any) -> bool:
    """Whether both texts are numerals with a base ('10101_2') of different values; the parser drops the base."""
    numerals = [_BASED.fullmatch(text) if isinstance(text, str) else None for text in (expected, actual)]
    try:
        values = {int(numeral[1], int(numeral[2])) for numeral in numerals if numeral}
    except ValueError:  # a digit that the base does not have
        return False
    return len(values) == 2


def _with_imaginary_unit(a: Any, b: Any) -> tuple[Any, Any]:
    """The expressions; `i` is the imaginary unit if they have no other variable."""
    from sympy import Basic, I, Symbol

    if not (isinstance(a, Basic) and isinstance(b, Basic)):
        return a, b
    symbols = a.free_symbols | b.free_symbols
    if {symbol.name for symbol in symbols if isinstance(symbol, Symbol)} != {"i"}:
        return a, b
    unit = dict.fromkeys(symbols, I)
    return a.xreplace(unit), b.xreplace(unit)


def _as_vectors(a: Any, b: Any) -> tuple[Any, Any]:
    """The expressions; a tuple as a column if the other is one, or as a row; rows in brackets as a matrix."""
    from sympy import Interval, Matrix, MatrixBase, Tuple

    for matrix, other in ((a, b), (b, a)):
        if isinstance(matrix, MatrixBase) and isinstance(other, Tuple):
            rows = [_elements(row) for row in other]
            if len(rows) == matrix.rows and all(len(row) == matrix.cols for row in rows):
                return (a, Matrix(rows)) if matrix is a else (Matrix(rows), b)
        if isinstance(matrix, MatrixBase) and 1 in matrix.shape:
            is_pair = isinstance(other, Interval) and other.left_open and other.right_open  # (1, 2)
            if isinstance(other, Tuple) or is_pair:
                vector = Matrix(_elements(other))
                vector = vector if matrix.shape[1] == 1 else vector.T
                return (a, vector) if matrix is a else (vector, b)
    return a, b


def _with_text(parsed: list[Any]) -> Any:
    """The expression; a decimal with all its digits, of which the parser keeps fifteen."""
    from sympy import Float

    value, text = parsed[0], parsed[-1]
    if isinstance(value, Float) and isinstance(text, str) and _DECIMAL.fullmatch(text):
        return Float(text, max(15, len(text)))
    return value


def _is_constant(value: Any) -> bool:
    from sympy import Expr

    return isinstance(value, Expr) and bool(value.is_number)


def _differ(a: Any, b: Any) -> bool:
    """Whether a number of one expression surely differs from its counterpart in the other."""
    from sympy import Expr, MatrixBase

    a, b = _right_sides(a, b)
    if _is_constant(a) and _is_constant(b):
        return not _same_number(a, b)
    if isinstance(a, MatrixBase) and isinstance(b, MatrixBase):
        return a.shape == b.shape and any(starmap(_differ, zip(a.flat(), b.flat(), strict=True)))
    parts = _elements(a), _elements(b)
    if parts[0] and len(parts[0]) == len(parts[1]):
        return any(starmap(_differ, zip(*parts, strict=True)))
    if isinstance(a, Expr) and isinstance(b, Expr) and a.free_symbols == b.free_symbols:
        return _differ_at_a_point(a, b)
    return False


def _right_sides(a: Any, b: Any) -> tuple[Any, Any]:
    """The right sides of two relations with the same left side, or of 'x = …' and a value."""
    from sympy import Eq
    from sympy.core.relational import Relational

    if isinstance(a, Relational) and isinstance(b, Relational):
        return (a.rhs, b.rhs) if a.lhs == b.lhs else (a, b)
    return (a.rhs if isinstance(a, Eq) else a), (b.rhs if isinstance(b, Eq) else b)


def _elements(value: Any) -> list[Any]:
    """The ends of an interval, the elements of a tuple in order, those of a set of numbers by size."""
    from sympy import FiniteSet, Interval, Tuple

    if isinstance(value, Interval):
        return [value.start, value.end]
    if isinstance(value, Tuple):
        return list(value.args)
    if isinstance(value, FiniteSet) and all(map(_is_constant, value.args)):
        return sorted(value.args, key=lambda number: tuple(_computed(part) for part in number.as_real_imag()))
    return []


def _differ_at_a_point(a: Any, b: Any) -> bool:
    """Whether two expressions of the same variables have other values where the variables are some primes."""
    from sympy import Rational, prime

    symbols = sorted(a.free_symbols, key=str)
    point = {symbol: Rational(prime(5 + index), 7) for index, symbol in enumerate(symbols)}
    values = _exact(a).subs(point), _exact(b).subs(point)
    return all(map(_is_constant, values)) and not _same_value(*values)


def _same_number(a: Any, b: Any) -> bool:
    """Percentages as `numeric` compares them: '50%' equals 0.5 and 50, below 1% only the value counts."""
    (a, a_percent), (b, b_percent) = _percentage(a), _percentage(b)
    if a_percent == b_percent:
        return _same_written(a, b)
    percent = a if a_percent else b
    if _same_written(a, b) and not _same_value(percent, 0) and abs(_computed(percent)) >= 1:
        return True
    return _same_written(a / 100, b) if a_percent else _same_written(a, b / 100)


def _percentage(value: Any) -> tuple[Any, bool]:
    from sympy import Mul, Rational, UnevaluatedExpr

    hundredth = UnevaluatedExpr(Rational(1, 100))
    if isinstance(value, Mul) and len(value.args) == 2 and value.args[1] == hundredth:
        return value.args[0], True
    return value, False


def _same_written(a: Any, b: Any) -> bool:
    """Whether the values are equal, or one is a decimal that rounds the other."""
    from sympy import Float

    if _same_value(a, b):
        return True
    decimals = [value for value in (a, b) if isinstance(value, Float)]
    if len(decimals) != 1:
        return False
    written, other = Decimal(str(decimals[0])).normalize(), _exact(b if decimals[0] is a else a)
    _, digits, exponent = written.as_tuple()
    if not isinstance(exponent, int) or -exponent < MIN_PLACES or len(digits) < MIN_DIGITS or _is_decimal(other):
        return False
    unit, error = Decimal(10) ** exponent, _computed(other - _exact(decimals[0]))
    is_cut_off = -exponent > MIN_PLACES and abs(error) < unit and (error > 0) == (written > 0)
    return abs(error) <= unit / 2 or is_cut_off


def _is_decimal(value: Any) -> bool:
    """Whether a decimal writes the value exactly."""
    if not value.is_Rational:
        return False
    denominator = int(value.q)
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def _same_value(a: Any, b: Any) -> bool:
    a, b = _exact(a), _exact(b)
    if a == b:
        return True
    if (a.is_Rational and b.is_Rational) or not (a.is_finite and b.is_finite):
        return False
    scale = max(_size(a), _size(b))
    return _size(a - b) <= scale * TOLERANCE


def _exact(value: Any) -> Any:
    """The value with its decimals as fractions, and what can be computed computed."""
    from sympy import Float, Rational, sympify

    value = sympify(value)
    decimals = {number: Rational(str(number)) for number in value.atoms(Float)}
    return value.xreplace(decimals).doit()


def _computed(value: Any) -> Decimal:
    return Decimal(str(value.evalf(DIGITS)))


def _size(value: Any) -> Decimal:
    return _computed(abs(value.evalf(DIGITS)))
