"""Numbers are parsed in common notations, exactly, in bounded time."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.scorers.match.numbers import find_numbers

FAST = settings(database=None, max_examples=200)
DECIMALS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=4)
FORMATS = ["{:,}", "${:,}", "{:,}%", "{:,} USD", "EUR {:,}", "**{:,}**.", "so x = {:,}", "({:,})", "{:,} kg"]


def spelled(text: str) -> list[str]:
    return [str(number) for number in find_numbers(text)]


@FAST
@given(DECIMALS, st.sampled_from(FORMATS))
def test_every_printed_decimal_is_found_again(number: Decimal, form: str) -> None:
    """Commas, currency, percent and markup do not change a number."""
    assert [parsed.value for parsed in find_numbers(form.format(number))] == [Fraction(number)]


@FAST
@given(st.integers(-999, 999), st.integers(1, 999))
def test_every_fraction_is_found_again(top: int, bottom: int) -> None:
    """a/b is that fraction, exactly."""
    assert [parsed.value for parsed in find_numbers(f"it is {top}/{bottom}")] == [Fraction(top, bottom)]


@FAST
@given(st.integers(-(10**6), 10**6), st.integers(-50, 50))
def test_scientific_notation_is_found_again(mantissa: int, exponent: int) -> None:
    """1e3, 1×10^3 and 1*10^3 are the same number."""
    value = mantissa * Fraction(10) ** exponent
    for form in (f"{mantissa}e{exponent}", f"{mantissa} × 10^{exponent}", f"{mantissa}*10^{exponent}"):
        assert [parsed.value for parsed in find_numbers(form)] == [value]


@FAST
@given(st.text(alphabet=st.one_of(st.sampled_from("0123456789.,-−+/%$eE^×*( \\{}½²٣x"), st.characters())))
def test_any_text_can_be_read(text: str) -> None:
    """No text raises, and every canonical spelling parses to itself."""
    for number in find_numbers(text):
        assert find_numbers(str(number)) == [number]


@FAST
@given(st.fractions(max_denominator=10**6), st.booleans())
def test_equal_values_have_one_spelling(value: Fraction, percent: bool) -> None:
    """A number's canonical spelling depends only on its value."""
    [number] = find_numbers(f"{value.numerator}/{value.denominator}" + "%" * percent)
    assert (number.value, number.percent) == (value, percent)
    assert spelled(str(number)) == [str(number)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16 - 3 = 13", ["16", "3", "13"]),
        ("5-3", ["5", "3"]),
        ("A: -4", ["-4"]),
        ("\u22124 and (-5) and 2*-3", ["-4", "-5", "-3"]),
        ("GPT-4", ["4"]),
        ("--5", ["5"]),
        ("-$5, $-5", ["-5", "-5"]),
        ("-\\$5, \\$-5, −€5, €-5, -5 €", ["-5"] * 5),
        ("-USD 5, USD -5, -₹1,00,000", ["-5", "-5", "-100000"]),
        ("($5)", ["5"]),
        ("3–5 days, 3—5, 12−5", ["3", "5", "3", "5", "12", "5"]),
        ("x = - 5, \\boxed{- 5}", ["-5", "-5"]),
        ("- 5 apples", ["5"]),
        ("答案是-5, 答えは−5です, 정답은 –5입니다", ["-5", "-5", "-5"]),
        ("ב-5 דקות", ["5"]),
    ],
)
def test_a_minus_is_a_sign_unless_it_subtracts(text: str, expected: list[str]) -> None:
    """Operators, hyphens and ranges are not signs."""
    assert [n for n in spelled(text) if n != "2"] == expected


@pytest.mark.parametrize("dash", "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d")
def test_any_dash_is_a_minus(dash: str) -> None:
    """A dash that touches its number is a minus, whichever of Unicode's dashes it is."""
    assert spelled(f"It is {dash}5 °C") == ["-5"]
    assert spelled(f"1.6 × 10^{dash}3 or 1.6e{dash}3") == ["0.0016", "0.0016"]


def test_a_true_minus_sign_may_have_a_space_behind_it() -> None:
    """It is no bullet: with nothing before it to subtract from, it belongs to its number."""
    assert spelled("− 5, Answer: − $6; (− 7)") == ["-5", "-6", "-7"]
    assert spelled("9 − 5, x − 5 and 3 m) − 5") == ["9", "5", "5", "3", "5"]
    assert spelled("- 5") == ["5"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000.50", ["1000.5"]),
        ("1\u202f234\u00a0567", ["1", "234", "567"]),
        ("1\u202f234\u202f567", ["1234567"]),
        ("1,5", ["1", "5"]),
        ("1,2,3", ["1", "2", "3"]),
        ("1,234, 5", ["1234", "5"]),
        ("0,123", ["0", "123"]),
        ("15,\\!000", ["15000"]),
        ("12{,}500 and 1{,}234{,}567.8", ["12500", "1234567.8"]),
        ("12\\,500 and 12\\;500 and 12\\ 500 and 12{\\,}500 and 12~500", ["12500"] * 5),
        ("12\u00a0500 and 12\u2009500", ["12500", "12500"]),
        ("1'250 and 1’250’000.5", ["1250", "1250000.5"]),
        ("1_000_000", ["1000000"]),
        ("1,00,000 and 12,34,567.5", ["100000", "1234567.5"]),
        ("1.250,5 and 1.000.000,75 and 1\u00a0250,5", ["1250.5", "1000000.75", "1250.5"]),
        ("1.000.000", ["1000000"]),
        ("1.250", ["1.25"]),
        ("100~200元", ["100", "200"]),
        ("the sizes 12 500", ["12", "500"]),
        ("12 500", ["12500"]),
        ("**1 234 567.5**", ["1234567.5"]),
        ("12 500 and 3", ["12", "500", "3"]),
        ("12 50", ["12", "50"]),
        ("<sup>1</sup>/<sub>6</sub>", ["1/6"]),
        ("3.141\\,59 and 0.000\\,001 and 0.123\u2009456\u20097", ["3.14159", "0.000001", "0.1234567"]),
        ("1\\text{,}000\\text{,}000", ["1000000"]),
        ("1{,}5 and 0{,}125", ["1.5", "0.125"]),
        ("1010_2 and (1010)_2 and 1010_{2}", ["1010"] * 3),
    ],
)
def test_thousands_are_grouped_in_threes(text: str, expected: list[str]) -> None:
    """Anything that is not a regular group is a list."""
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".5", ["0.5"]),
        ("5.", ["5"]),
        ("1..5", ["1", "5"]),
        ("1.2.3", []),
        ("192.168.100.200", []),
        ("12/25/1937", ["12", "25", "1937"]),
        ("12 / 25 / 1937", ["12", "25", "1937"]),
        ("2024-01-05", ["2024", "1", "5"]),
        ("10:30", ["10", "30"]),
    ],
)
def test_dots_and_dates(text: str, expected: list[str]) -> None:
    """Versions and addresses are not numbers; a date is three numbers, a time two."""
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3/4", ["0.75"]),
        ("1/3", ["1/3"]),
        ("1 1/2", ["1.5"]),
        ("-1 1/2", ["-1.5"]),
        ("20 20/4", ["20", "5"]),
        ("2½ and -½", ["2.5", "-0.5"]),
        ("3/0", ["3", "0"]),
        ("\\frac{1}{4}", ["0.25"]),
        ("-\\dfrac12", ["-0.5"]),
        ("1 / 6", ["1/6"]),
        ("0.5/3 and 0.5 / 3", ["1/6", "1/6"]),
        ("\\tfrac{1}{6}, \\frac16, \\frac1{6}, \\frac{0.5}{3}, {1 \\over 6}", ["1/6"] * 5),
        ("\\frac{-1}{6}, \\frac{1}{-6}, -\\frac{1}{6}", ["-1/6"] * 3),
        ("1\\frac{1}{2}, 1\\,\\tfrac12, 1 ½, 1½", ["1.5"] * 4),
        ("⅓ and ¹⁄₃ and 1⁄3", ["1/3"] * 3),
        ("3 / 0 and 3/0.0", ["3", "0", "3", "0"]),
        ("10/10", ["1"]),
        ("9.8 m/s", ["9.8"]),
    ],
)
def test_fractions(text: str, expected: list[str]) -> None:
    """Fractions parse in text, Unicode and LaTeX, without division by zero."""
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10^3", ["1000"]),
        ("10\u207b\u00b3", ["0.001"]),
        ("1.5 \\times 10^{3}", ["1500"]),
        ("x^2 = 4", ["4"]),
        ("2^10 = 1024", ["1024"]),
        ("5 m\u00b2", ["5"]),
        ("74^\\circ", ["74"]),
        ("10**-3 and 10**(-3) and 10<sup>-3</sup>", ["0.001"] * 3),
        ("6.02 x 10^{23} and 6.02\\cdot10^{23} and 6.02 × 10²³ and 6.02*10**23", ["602" + "0" * 21] * 4),
        ("5² and 5^2 and x**2", []),
        ("42¹", ["42"]),
        ("21^{st} and 21<sup>st</sup>", ["21", "21"]),
    ],
)
def test_powers(text: str, expected: list[str]) -> None:
    """Powers of ten are numbers, other powers are not."""
    assert spelled(text) == expected


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "m/s**2",
            "m/s^2",
            "m/s^{2}",
            "m/s²",
            "m/s<sup>2</sup>",
            "\\(m/s^2\\)",
            "m s⁻²",
            "m s^{-2}",
            "m s^-2",
            "m s**(-2)",
        ),
        *(
            "m s-2",
            "m s−2",
            "m.s-2",
            "m/s ** 2",
            "m/s ^ 2",
            "\\,\\text{m/s}^2",
            "\\mathrm{m\\,s^{-2}}",
            "km²",
            "km2",
            "ft<sup>2</sup>",
            "cm^3",
        ),
    ],
)
def test_the_power_of_a_unit_is_not_a_number(unit: str) -> None:
    """Only the number before the unit counts, however its power is written."""
    assert spelled(f"It is 9.8 {unit}.") == ["9.8"]


@pytest.mark.parametrize(
    "text", ["**5**", "__5__", "_5_", "`5`", "**Answer:** 5", "**Answer**5", "\\text{5}", "\\mathbf{5}"]
)
def test_markup_does_not_hide_a_number(text: str) -> None:
    """Emphasis, code and LaTeX's fonts leave the number as it is."""
    assert spelled(text) == ["5"]


@pytest.mark.parametrize(
    ("text", "expected"), [("H2O", []), ("x_1", []), ("5kg", ["5"]), ("2x4", ["2", "4"]), ("答えは5です", ["5"])]
)
def test_digits_in_names_are_not_numbers(text: str, expected: list[str]) -> None:
    """Digits after a letter belong to a name; a unit after them does not."""
    assert spelled(text) == expected


@pytest.mark.parametrize("text", ["１２３", "١٢٣", "۱۲۳", "१२३", "১২৩", "๑๒๓", "𝟏𝟐𝟑"])
def test_digits_of_other_scripts(text: str) -> None:
    """Decimal digits of any script are digits."""
    assert spelled(text) == ["123"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("٣٫٥", ["3.5"]),
        ("١٬٢٣٤٫٥", ["1234.5"]),
        ("٥٠٪ and ٪٥٠ and ５０％", ["50%"] * 3),
        ("\u200f-٥ and \u061c-٥", ["-5", "-5"]),
        ("１２，５００ and ３．５", ["12500", "3.5"]),
    ],
)
def test_signs_of_other_scripts(text: str, expected: list[str]) -> None:
    """Decimal, grouping and percent signs of other scripts, and invisible marks of direction, are read."""
    assert spelled(text) == expected


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "∞", "five", "H₂O", "CO<sub>2</sub>"])
def test_other_words_are_not_numbers(text: str) -> None:
    """Only digits are numbers: no word, no infinity, no subscript."""
    assert spelled(text) == []


def test_a_tenth_is_a_tenth() -> None:
    """Decimals are exact."""
    assert find_numbers("0.1")[0].value == Fraction(1, 10)


@pytest.mark.parametrize("text", ["1e999999999", "10^999999999", "2 × 10^-999999999", "9" * 401, f"1e{'9' * 5000}"])
def test_huge_numbers_are_skipped(text: str) -> None:
    """Numbers that would fill the memory are skipped."""
    assert find_numbers(text) == []


@pytest.mark.parametrize(
    "part", ["9", "1.2.", "^(", "1e", "\\frac{1", "-", "$", "²", "¹/", "½", "1 ", "1_", "1~", "**a", "<sup>"]
)
def test_long_texts_are_read_in_linear_time(part: str) -> None:
    """100,000 adversarial characters parse in linear time; a quadratic pattern would take minutes."""
    find_numbers((part * 100_000)[:100_000])
