"""`pattern` matches the output against a regular expression."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.match.pattern import Pattern
from pytest_hiddenlayer.types import Sample, Score


def score(output: str, *target: str, **params: Any) -> Score:
    return asyncio.run(Pattern(**params).score(output, Sample(id="1", input="q", target=target or None)))


@pytest.mark.parametrize(("output", "value"), [("so 12 it is", 1.0), ("none", 0.0)])
def test_a_match_anywhere_is_right(output: str, value: float) -> None:
    """The regular expression is searched in the output."""
    assert score(output, pattern=r"\d+").value == value


@pytest.mark.parametrize(("output", "value"), [(" 12\n", 1.0), ("so 12", 0.0)])
def test_the_whole_output_on_request(output: str, value: float) -> None:
    """With `full` the match must cover the stripped output."""
    assert score(output, pattern=r"\d+", full=True).value == value


def test_case_is_ignored_on_request() -> None:
    """`ignore_case` folds the match and the comparison with the target."""
    assert score("YES", pattern="yes").value == 0.0
    assert score("YES", "Yes", pattern="(yes)", ignore_case=True).value == 1.0


def test_lines_have_ends_on_request() -> None:
    """`multiline` lets ^ and $ match at every line."""
    assert score("a\nb", pattern="^b").value == 0.0
    assert score("a\nb", pattern="^b", multiline=True).value == 1.0


def test_a_group_is_compared_with_the_targets() -> None:
    """With a group and a target the group's text decides."""
    assert score("x = 5", "5", "6", pattern=r"x = (\d)").value == 1.0
    assert score("x = 7", "5", "6", pattern=r"x = (\d)").explanation == "expected 5 or 6, got 7"


def test_targets_do_not_matter_without_a_group() -> None:
    """Without a group the match alone decides."""
    assert score("x = 7", "5", pattern=r"x = \d").value == 1.0


def test_no_match_says_so() -> None:
    """The explanation names the pattern."""
    assert score("y", "5", pattern=r"x = (\d)").explanation == r"expected 5, found no match of x = (\d)"
    assert score("y", pattern="x").explanation == "does not match x"


def test_faulty_patterns_are_refused_when_built() -> None:
    """A regular expression that does not compile is a usage error."""
    with pytest.raises(UsageError, match="not a regular expression"):
        Pattern(pattern="(")


def test_a_group_equals_a_target_in_other_typography() -> None:
    """Quotes, dashes and spaces that look alike are equal in the comparison with the target."""
    assert score("Say: don\u2019t", "don't", pattern="Say: (.+)").value == 1.0
    assert score("From 3\u20135", "3-5", pattern="From (.+)").value == 1.0
    assert score("Say: don\u2019t", pattern="don't").value == 0.0


def test_composed_and_decomposed_letters_are_equal() -> None:
    """The expression matches a decomposed letter as the composed one."""
    assert score("un cafe\u0301", pattern="caf\u00e9$").value == 1.0
    assert score("un caf\u00e9", pattern="cafe\u0301$").value == 1.0
