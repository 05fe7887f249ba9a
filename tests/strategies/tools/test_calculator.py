"""The calculator computes arithmetic exactly, and refuses everything else at once."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.tools.calculator import calculator


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("3*4", "12"),
        ("3*(4+5)/2", "13.5"),
        ("0.1+0.2", "0.3"),
        ("1/3", "0.333333333333"),
        ("-7//2", "-4"),
        ("-7%3", "2"),
        ("+2--3", "5"),
        ("2^10", "1024"),
        ("2**-2", "0.25"),
        ("2**0.5", "1.41421356237"),
        ("sqrt(16) + abs(-3) + round(2.5)", "10"),
        ("1,000 + 1", "1001"),
        ("3 x 4 =", "12"),
        ("`6 × 7` = ?", "42"),
        ("$12 ÷ 4", "3"),
        ("10**39", "1" + 39 * "0"),
        ("10**40", "1e+40"),
    ],
)
def test_arithmetic_is_exact(expression, result):
    """Decimals are exact, whole numbers are written out up to 40 digits, and the usual spellings are read."""
    assert calculator(expression) == result


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("", "there is no expression"),
        ("1/0", "division by zero"),
        ("1%0", "division by zero"),
        ("0**-1", "division by zero"),
        ("sqrt(-1)", "a negative number has no square root"),
        ("(-8)**0.5", "a negative number has no such root"),
        ("9**9**9", "the exponent is too large"),
        ("999**999*999**999", "too large"),
        ("10**400+0.5", "too large"),
        ("1e999", "too large"),
        ("1" * 201, "201 characters; write at most 200"),
        ("(" * 150, "is not arithmetic"),
        ("six times seven", "is not arithmetic"),
        ("__import__('os').system('true')", "is not arithmetic"),
        ("open('x')", "is not arithmetic"),
        ("sqrt.__class__", "is not arithmetic"),
        ("(lambda: 1)()", "is not arithmetic"),
        ("[1 for x in (1, 2)]", "is not arithmetic"),
        ("True + 1", "is not arithmetic"),
        ("3j * 3j", "is not arithmetic"),
        ("3and 4", "is not arithmetic"),
        ("sqrt(4, 2)", "is not arithmetic"),
        ("x = 3", "is not arithmetic"),
    ],
)
def test_everything_else_is_an_error_in_one_sentence(expression, error):
    """Code, names, huge numbers and division by zero are ValueErrors whose text says what is wrong."""
    with pytest.raises(ValueError, match="(?i)" + error) as raised:
        calculator(expression)
    assert "\n" not in str(raised.value)
