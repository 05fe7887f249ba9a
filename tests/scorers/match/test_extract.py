"""The `extract` rule cuts the answer out of an output."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.match.extract import MAX_CHARS, Extract

TWICE = "the answer is 3. No, the answer is 4."


def extracted(text: str, **params: Any) -> str | None:
    return Extract.from_param(params).apply(text)


def test_without_a_rule_the_whole_output_is_the_answer() -> None:
    """Without a rule the answer is the stripped output."""
    assert extracted("  a b \n") == "a b"


def test_marker_takes_the_last_occurrence() -> None:
    """By default the text after the last marker counts."""
    assert extracted(TWICE, marker="answer is ") == "4."


def test_marker_takes_the_first_occurrence() -> None:
    """`take: first` takes everything after the first marker."""
    assert extracted(TWICE, marker="answer is ", take="first") == "3. No, the answer is 4."


@pytest.mark.parametrize("take", ["first", "last"])
def test_absent_marker_leaves_the_whole_text(take: str) -> None:
    """Without the marker the whole output is the answer."""
    assert extracted("42", marker="answer is ", take=take) == "42"


@pytest.mark.parametrize(("take", "expected"), [("first", "3"), ("last", "4")])
def test_pattern_takes_its_group(take: str, expected: str) -> None:
    """The answer is the pattern's group in its first or last match."""
    assert extracted(TWICE, pattern=r"is (\d)", take=take) == expected


def test_pattern_is_applied_after_the_marker() -> None:
    """With both, the pattern searches only what follows the marker."""
    assert extracted("x=1 => x=2", marker="=>", pattern=r"x=(\d)", take="first") == "2"


def test_pattern_that_does_not_match_finds_no_answer() -> None:
    """Without a match there is no answer."""
    assert extracted("nothing here", pattern=r"(\d+)") is None


def test_group_that_took_no_part_is_no_answer() -> None:
    """A match without the group is skipped."""
    assert extracted("a1 b", pattern=r"a(\d)|b") == "1"


@pytest.mark.parametrize(("text", "expected"), [("Yes.", "Yes"), ("Yes..", "Yes."), ("Yes .", "Yes"), ("3.5", "3.5")])
def test_exactly_one_final_dot_is_dropped(text: str, expected: str) -> None:
    """`strip_final_dot` drops exactly one dot at the end."""
    assert extracted(text, strip_final_dot=True) == expected


def test_nothing_left_is_no_answer() -> None:
    """Empty text after the marker is no answer."""
    assert extracted("The answer is ", marker="answer is ") is None


def test_long_outputs_are_searched_at_the_end_that_counts() -> None:
    """A pattern sees the last MAX_CHARS characters of a longer output."""
    text = "x1" + " " * MAX_CHARS + "x2"
    assert extracted(text, pattern=r"x(\d)") == "2"
    assert extracted(text, pattern=r"x(\d)", take="first") == "1"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"markr": "x"}, "did you mean 'marker'"),
        ({"take": "middle"}, "take must be first or last, got 'middle'"),
        ({"marker": ""}, "marker is empty"),
        ({"marker": 3}, "marker must be text, got 3"),
        ({"pattern": r"\d+"}, "exactly one group, found 0"),
        ({"pattern": r"(\d)(\d)"}, "exactly one group, found 2"),
        ({"pattern": "("}, "not a regular expression"),
        ({"strip_final_dot": "yes"}, "strip_final_dot must be true or false"),
    ],
)
def test_wrong_rules_are_refused(params: dict[str, Any], message: str) -> None:
    """A malformed rule is a usage error that says what to do."""
    with pytest.raises(UsageError) as caught:
        Extract.from_param(params)
    assert message in str(caught.value)


def test_a_rule_is_a_mapping() -> None:
    """Text instead of a mapping is an error."""
    with pytest.raises(UsageError, match="expected a mapping"):
        Extract.from_param("answer is ")  # type: ignore[arg-type]


@pytest.mark.parametrize("output", ["**Answer:** 5", "__Answer:__ 5", "**Answer: 5**", "*Answer:* 5"])
def test_emphasis_does_not_hide_a_marker(output: str) -> None:
    """A marker is found although Markdown separates it from the answer."""
    assert Extract(marker="Answer: ").apply(f"So, 3 + 2.\n{output}") == "5"


def test_a_marker_as_written_comes_first() -> None:
    """If the marker occurs as written, emphasized ones do not count."""
    assert Extract(marker="Answer: ").apply("Answer: *5*\n**Answer:** 6") == "*5*\n**Answer:** 6"


@pytest.mark.parametrize(
    "output",
    ["__Answer: Oslo__", "_Answer: Oslo_", "*Answer: Oslo*", "`Answer: Oslo`", "<b>Answer: Oslo</b>"],
)
def test_emphasis_of_every_kind_may_enclose_marker_and_answer(output: str) -> None:
    """The marks around both are no part of the answer."""
    assert Extract(marker="Answer:").apply(output) == "Oslo"
