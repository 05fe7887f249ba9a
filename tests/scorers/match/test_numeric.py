"""`numeric` compares numbers, not their spelling."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.match.extract import Extract
from pytest_hiddenlayer.scorers.match.numeric import Numeric
from pytest_hiddenlayer.types import Sample, Score


def score(output: str, *target: str, **params: Any) -> Score:
    return asyncio.run(Numeric(**params).score(output, Sample(id="1", input="q", target=target or None)))


def test_the_last_number_counts() -> None:
    """Without a rule the last number of the output is the answer."""
    assert score("16 - 3 = 13. A: 26", "26").answer == "26"


def test_wrong_numbers_say_what_was_expected() -> None:
    """The explanation names target and answer in canonical spelling."""
    assert score("so 26.0", "18") == Score(value=0.0, answer="26", explanation="expected 18, got 26")


def test_the_first_number_counts_on_request() -> None:
    """`take: first` without a marker takes the first number."""
    assert score("7 or 8", "7", extract=Extract(take="first")).value == 1.0


def test_extract_comes_before_the_number() -> None:
    """An `extract` rule limits the text in which the number is searched."""
    rule = Extract(marker="Answer: ", strip_final_dot=True)
    assert score("7 of 9. Answer: 5. ", "5", extract=rule).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        ("2.0", "2"),
        ("1000", "1e3"),
        ("0.5", "1/2"),
        ("0.1", "1/10"),
        ("1,234", "1234"),
        ("$18.00", "18"),
        ("4", "$4"),
    ],
)
def test_equal_numbers_are_right(output: str, target: str) -> None:
    """Spelling, currency and grouping do not matter, on either side."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(("output", "target"), [("5", "-5"), ("25", "5"), ("110", "10"), ("0.33", "1/3")])
def test_other_numbers_are_wrong(output: str, target: str) -> None:
    """Sign, size and precision matter."""
    assert score(output, target).value == 0.0


@pytest.mark.parametrize(
    ("output", "target"),
    [("50%", "50%"), ("50%", "0.5"), ("0.5", "50%"), ("50%", "50"), ("50", "50%"), ("0.5%", "0.005"), ("1/2", "50%")],
)
def test_percent_is_a_unit_that_may_be_left_out(output: str, target: str) -> None:
    """50% is correct for 50%, 0.5 and 50, and vice versa."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(("output", "target"), [("0.5%", "0.5"), ("0.5", "0.5%"), ("0.5%", "50%"), ("5%", "50%")])
def test_less_than_one_percent_is_not_its_number(output: str, target: str) -> None:
    """0.5% never equals 0.5."""
    assert score(output, target).value == 0.0


@pytest.mark.parametrize(("output", "value"), [("10.1", 1.0), ("9.9", 1.0), ("10.11", 0.0)])
def test_absolute_tolerance_includes_its_bound(output: str, value: float) -> None:
    """|answer - target| may equal abs_tol exactly, as a decimal."""
    assert score(output, "10", abs_tol=0.1).value == value


@pytest.mark.parametrize(("output", "value"), [("-101", 1.0), ("-101.1", 0.0)])
def test_relative_tolerance_is_of_the_target(output: str, value: float) -> None:
    """rel_tol is a share of the target's size."""
    assert score(output, "-100", rel_tol=0.01).value == value


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_impossible_tolerances_are_refused(tolerance: float) -> None:
    """A tolerance is a finite number from 0 up."""
    with pytest.raises(UsageError, match="abs_tol"):
        Numeric(abs_tol=tolerance)


def test_no_number_is_wrong_and_says_so() -> None:
    """An answer without a number scores 0, with the reason and no answer."""
    assert score("I do not know", "18") == Score(value=0.0, explanation="expected 18, no number found")


@pytest.mark.parametrize("target", ["eighteen", "12/25/1937", ""])
def test_a_target_that_is_no_number_is_unscored(target: str) -> None:
    """An unusable target is unscored, not wrong."""
    result = score("18", target)
    assert result.value is None
    assert "is not one number" in result.explanation


def test_any_target_is_accepted() -> None:
    """One of several targets is enough; targets that are not numbers are skipped."""
    assert score("18", "eighteen", "17", "18").value == 1.0


def test_without_target_nothing_is_scored() -> None:
    """Without a target the sample is unscored, not wrong."""
    assert score("18") == Score(value=None, explanation="no target")


@pytest.mark.parametrize(
    ("output", "answer"), [("1,000.50", "1000.5"), ("1/3", "1/3"), ("1e3", "1000"), ("none", None)]
)
def test_parse_is_canonical(output: str, answer: str | None) -> None:
    """Equal numbers parse to equal text, without exponents and trailing zeros."""
    assert Numeric().parse(output, Sample(id="1", input="q")) == answer
