"""`_differ` and the comparison of numbers, in cases that math-verify alone decides wrongly."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
from sympy import (
    Eq,
    FiniteSet,
    Float,
    I,
    Interval,
    Matrix,
    Mul,
    Rational,
    S,
    Tuple,
    UnevaluatedExpr,
    oo,
    pi,
    sqrt,
    symbols,
)

from pytest_hiddenlayer.scorers.math import equality
from pytest_hiddenlayer.scorers.math.worker import answer

x, y, i = symbols("x y i")


def percent(value: Any) -> Any:
    """A value in percent, as math-verify parses it."""
    return Mul(sympy.sympify(value), UnevaluatedExpr(Rational(1, 100)), evaluate=False)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (S(1), S(1), False),
        (S(1), S(2), True),
        (S(1), x, False),
        (x, S(1), False),
        (x, y, False),
        (x + 1, x + 1, False),
        (x + 1, x + 2, True),
        (x * y, y * x, False),
        (sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2, False),
        (x / 10**20, x / 10**21, True),
        (Matrix([[1, 2]]), Matrix([[1, 2]]), False),
        (Matrix([[1, 2]]), Matrix([[1, 3]]), True),
        (Matrix([[1, 2]]), Matrix([[4, 3]]), True),
        (Matrix([[1, 2]]), Matrix([[1], [3]]), False),
        (Matrix([[1, 2]]), S(1), False),
        (Tuple(1, 2), Tuple(1, 2), False),
        (Tuple(1, 2), Tuple(1, 3), True),
        (Tuple(1, 2), Tuple(1, 2, 3), False),
        (Tuple(), Tuple(1), False),
        (Tuple(1), Tuple(), False),
        (Interval(0, 1), Interval(0, 2), True),
        (Interval(0, 1), Interval(0, 1), False),
        (FiniteSet(2, 1), FiniteSet(1, 2), False),
        (FiniteSet(3, 1), FiniteSet(1, 2), True),
        (FiniteSet(x, 1), FiniteSet(1, 2), False),
        (Eq(x, 1), Eq(x, 2), True),
        (Eq(x, 1), Eq(y, 2), False),
        (Eq(x, 1), S(1), False),
        (Eq(x, 1), S(2), True),
        (S(2), Eq(x, 1), True),
        (x > 1, x > 2, True),
        (x > 1, y > 2, False),
        (x > 1, S(2), False),
    ],
    ids=str,
)
def test_what_surely_differs(a: Any, b: Any, expected: bool) -> None:
    """Numbers, ordered elements, right sides or values at a point differ; what cannot be decided does not."""
    assert equality._differ(a, b) is expected
    assert equality._differ(b, a) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (percent(50), Rational(1, 2), True),
        (percent(50), S(50), True),
        (percent(50), percent(50), True),
        (percent(50), percent(Rational(1, 2)), False),
        (percent(1), S(1), True),
        (percent(Rational(99, 100)), Rational(99, 100), False),
        (percent(Rational(99, 100)), Rational(99, 10000), True),
        (percent(-50), S(-50), True),
        (percent(0), S(0), True),
        (percent(Rational(3, 2)), Rational(3, 2), True),
        (percent(50), S(5), False),
    ],
    ids=str,
)
def test_percentages(a: Any, b: Any, expected: bool) -> None:
    """From 1 % on a percentage is its number or its value; below, only its value."""
    assert equality._same_number(a, b) is expected
    assert equality._same_number(b, a) is expected


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("0.333333", Rational(1, 3), True),
        ("0.33333", Rational(1, 3), False),
        ("0.333334", Rational(1, 3), False),
        ("0.3333333", Rational(1, 3), True),
        ("0.666666", Rational(2, 3), False),
        ("0.666667", Rational(2, 3), True),
        ("0.6666666", Rational(2, 3), True),
        ("0.6666668", Rational(2, 3), False),
        ("-0.6666666", Rational(-2, 3), True),
        ("-0.6666668", Rational(-2, 3), False),
        ("0.142857", Rational(1, 7), True),
        ("0.00012346", Rational(10000, 81000001), True),
        ("0.000333", Rational(1, 3000), False),
        ("0.0003333", Rational(1, 3000), False),
        ("0.00033333", Rational(1, 3000), True),
        ("1.414214", sqrt(2), True),
        ("1.4142135", sqrt(2), True),
        ("1.4142137", sqrt(2), False),
        ("3.141593", pi, True),
        ("0.1234565", Rational(1234564999, 10**10), False),
        ("0.5", Rational(1, 2), True),
        ("0.0000005", Rational(1, 2 * 10**6), True),
        ("0.123456", Rational(123457, 10**6), False),
        ("0.123456", Float("0.1234561", 20), False),
    ],
)
def test_a_decimal_that_approximates_a_number(written: str, value: Any, expected: bool) -> None:
    """Six places and five digits that round a number, or more that cut it off, if no decimal writes it exactly."""
    decimal = Float(written, 20)
    assert equality._same_written(decimal, value) is expected
    assert equality._same_written(value, decimal) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (S(3), True),
        (Rational(3, 20), True),
        (Rational(7, 64), True),
        (Rational(1, 3), False),
        (Rational(1, 30), False),
        (sqrt(2), False),
    ],
)
def test_what_a_decimal_writes_exactly(value: Any, expected: bool) -> None:
    """Fractions whose denominator has only the factors 2 and 5."""
    assert equality._is_decimal(value) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Rational(1, 3), Rational(1, 3), True),
        (Rational(1, 3), Rational(333333333333333333333333, 10**24), False),
        (sqrt(8), 2 * sqrt(2), True),
        (sqrt(2), Rational(14142135623730950488016887242097, 10**31), True),
        (sqrt(2) + Rational(1, 10**18), sqrt(2), False),
        (oo, oo, True),
        (oo, -oo, False),
        (oo, S(1), False),
        (S(0), sqrt(2) / 10**30, False),
        (I, -I, False),
    ],
    ids=str,
)
def test_the_same_value(a: Any, b: Any, expected: bool) -> None:
    """Fractions are equal or not; irrational numbers to twenty digits of the larger one."""
    assert equality._same_value(a, b) is expected
    assert equality._same_value(b, a) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("101_2", "101_{3}", True),
        ("101_2", "5_{10}", False),
        ("101_2", "101", False),
        ("109_2", "101_{3}", False),
        ("FF_{16}", "255_{10}", False),
        (S(1), "101_2", False),
    ],
)
def test_numerals_with_a_base(a: Any, b: Any, expected: bool) -> None:
    """Two numerals differ if both have a base and their values differ; a digit that a base lacks says nothing."""
    assert equality._differ_in_base(a, b) is expected
    assert equality._differ_in_base(b, a) is expected


def test_vectors_and_rows() -> None:
    """A tuple or an open interval becomes a column or a row, as the other side is; rows in brackets a matrix."""
    column, row = Matrix([1, 2]), Matrix([[1, 2]])
    assert equality._as_vectors(column, Tuple(3, 4)) == (column, Matrix([3, 4]))
    assert equality._as_vectors(Tuple(3, 4), row) == (Matrix([[3, 4]]), row)
    assert equality._as_vectors(column, Interval.open(3, 4)) == (column, Matrix([3, 4]))
    assert equality._as_vectors(column, Interval(3, 4)) == (column, Interval(3, 4))
    square = Matrix([[1, 2], [3, 4]])
    assert equality._as_vectors(Tuple(Tuple(1, 2), Tuple(3, 4)), square) == (square, square)
    for rows in (Tuple(Tuple(1, 2), Tuple(3)), Tuple(Tuple(1), Tuple(2)), Tuple(Tuple(1, 2))):
        assert equality._as_vectors(rows, square) == (rows, square)
    assert equality._as_vectors(S(1), S(2)) == (S(1), S(2))


def test_the_imaginary_unit() -> None:
    """`i` is the unit unless there is another variable on either side."""
    assert equality._with_imaginary_unit(i**2, S(-1)) == (-1, -1)
    assert equality._with_imaginary_unit(i * x, i) == (i * x, i)
    assert equality._with_imaginary_unit(S(1), S(2)) == (1, 2)
    assert equality._with_imaginary_unit("a", i) == ("a", i)
    assert equality._with_imaginary_unit(i, "a") == (i, "a")


def test_elements_in_order() -> None:
    """The ends of an interval, a tuple as it is, a set of numbers by size; nothing for other values."""
    assert equality._elements(Interval(2, 1 + pi)) == [2, 1 + pi]
    assert equality._elements(Tuple(3, 1, 2)) == [3, 1, 2]
    assert equality._elements(FiniteSet(3, sqrt(2), -1)) == [-1, sqrt(2), 3]
    assert equality._elements(FiniteSet(1 + I, 1 - I)) == [1 - I, 1 + I]
    assert equality._elements(FiniteSet(x, 1)) == []
    assert equality._elements(S(3)) == []


def test_nothing_to_compare_is_not_equal() -> None:
    """Two results are equal only if both hold an expression."""
    assert equality.equal([], [S(1)]) is False
    assert equality.equal([S(1)], []) is False
    assert equality.equal([S(1), "1"], [S(1), "1"]) is True


def test_an_unreadable_text_has_no_expression() -> None:
    """The other text is read all the same."""
    assert answer("compare", "no idea", "7") == {"answer": None, "target": "7", "equal": False}
    assert answer("compare", "7", "no idea") == {"answer": "7", "target": None, "equal": False}
    assert answer("canonical", "no idea") == {"answer": None}


def raising(error: BaseException) -> dict[str, Any]:
    """Actions of the process that raise an error."""

    def canonical(text: str) -> Any:
        raise error

    return {"canonical": canonical}


def test_an_error_is_a_short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """sympy and its parsers raise errors of any type and length."""
    monkeypatch.setattr("pytest_hiddenlayer.scorers.math.worker._ACTIONS", raising(ZeroDivisionError("x" * 999)))
    assert answer("canonical", "1") == {"error": f"ZeroDivisionError: {'x' * 281}"}


def test_a_full_memory_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """MemoryError is not answered: the client starts a new process."""
    monkeypatch.setattr("pytest_hiddenlayer.scorers.math.worker._ACTIONS", raising(MemoryError()))
    with pytest.raises(MemoryError):
        answer("canonical", "1")
