"""`rules` scores the form of an output."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.match.rules import Rules
from pytest_hiddenlayer.types import Sample, Score

POEM = "- red fox\n\n- blue owl\n"


def score(output: str, *target: str, **params: Any) -> Score:
    return asyncio.run(Rules(**params).score(output, Sample(id="1", input="q", target=target or None)))


@pytest.mark.parametrize(
    "rule",
    [
        {"min_words": 6},
        {"max_words": 6},
        {"lines": 2},
        {"min_lines": 2},
        {"max_lines": 2},
        {"max_chars": 21},
        {"require": ("RED", "owl")},
        {"forbid": ("ow", "cat")},
        {"starts_with": "- red"},
        {"ends_with": "owl"},
        {"every_line": r"- \w+ \w+"},
        {"unique_lines": True},
    ],
)
def test_kept_rules(rule: dict[str, Any]) -> None:
    """An output at the bound follows the rule."""
    assert score(POEM, **rule).value == 1.0


@pytest.mark.parametrize(
    ("output", "rule", "how"),
    [
        (POEM, {"min_words": 7}, "6 words instead of at least 7"),
        (POEM, {"max_words": 5}, "6 words instead of at most 5"),
        (POEM, {"lines": 3}, "2 lines instead of 3"),
        (POEM, {"min_lines": 3}, "2 lines instead of at least 3"),
        (POEM, {"max_lines": 1}, "2 lines instead of at most 1"),
        (POEM, {"max_chars": 20}, "21 characters instead of at most 20"),
        (POEM, {"require": ("cat",)}, "cat is missing"),
        (POEM, {"forbid": ("fox",)}, "fox is forbidden"),
        (POEM, {"starts_with": "red"}, "does not start with red"),
        (POEM, {"ends_with": "."}, "does not end with ."),
        (POEM, {"every_line": r"- \w+"}, r"the line - red fox does not match - \w+"),
        ("a\nb\na", {"unique_lines": True}, "the line a is repeated"),
    ],
)
def test_broken_rules(output: str, rule: dict[str, Any], how: str) -> None:
    """A violated rule scores 0 with an explanation."""
    result = score(output, **rule)
    assert (result.value, result.explanation) == (0.0, how)


def test_the_score_is_the_share_of_rules_kept() -> None:
    """Two of four rules score 0.5, and the explanation lists the other two."""
    result = score(POEM, lines=2, max_chars=99, starts_with="x", ends_with="y")
    assert (result.value, result.explanation) == (0.5, "does not start with x; does not end with y")


def test_targets_can_be_required_words() -> None:
    """With `require_target` the output must contain each of the sample's targets."""
    assert score(POEM, "fox", "owl", require_target=True).value == 1.0
    assert score(POEM, "fox", "cat", require_target=True).explanation == "cat is missing"


def test_each_required_word_is_a_rule() -> None:
    """Three of four words score 0.75, and a repeated word is one rule."""
    assert score(POEM, "fox", "owl", "cat", require_target=True, require=("red", "red")).value == 0.75


def test_a_missing_target_is_unscored() -> None:
    """With `require_target` and no target the sample is unscored."""
    assert score(POEM, require_target=True) == Score(value=None, explanation="no target")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "no rule is set"),
        ({"min_words": 3, "max_words": 2}, "min_words 3 is above max_words 2"),
        ({"require": ("",)}, "non-empty"),
        ({"max_chars": -1}, "max_chars must be 0 or more, got -1"),
        ({"every_line": "("}, "not a regular expression"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(params: dict[str, Any], message: str) -> None:
    """A contradictory rule is a usage error."""
    with pytest.raises(UsageError, match=message):
        Rules(**params)


@pytest.mark.parametrize(
    "rule",
    [{"starts_with": "I'm"}, {"ends_with": "well-known"}, {"require": ("caf\u00e9",)}, {"max_chars": 27}],
)
def test_typography_does_not_break_a_rule(rule: dict[str, Any]) -> None:
    """Quotes, dashes, emphasis and decomposed letters are no differences."""
    assert score("I\u2019m **cafe\u0301**, well\u2011known", **rule).value == 1.0


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ({"contains": "sl"}, "Oslo", "OSLO"),
        ({"contains": "sl", "ignore_case": True}, "OSLO", "Bern"),
        ({"contains_any": ["a", "b"]}, "cab", "dog"),
        ({"contains_all": ["a", "b"]}, "cab", "cat"),
        ({"equals": "Oslo"}, " Oslo\n", "Oslo."),
        ({"equals": {"a": [1]}}, '{"a": [1]}', '{"a": [2]}'),
        ({"starts_with": "Os"}, "Oslo", "in Oslo"),
        ({"ends_with": "lo"}, "Oslo", "Oslo."),
        ({"matches": "^[A-Z]"}, "Oslo", "oslo"),
        ({"is_json": True}, "[1]", "[1"),
        ({"is_json": True, "negate": True}, "[1", "[1]"),
        ({"contains_json": True}, 'So {"a": 1}!', "So {a}!"),
    ],
)
def test_rules_of_a_sample(rule: dict[str, Any], right: str, wrong: str) -> None:
    """A rule in a sample's metadata holds for right outputs and not for wrong ones."""
    assert [sample_score([rule], text).value for text in (right, wrong)] == [1.0, 0.0]


def sample_score(rules: Any, output: str) -> Score:
    sample = Sample(id="1", input="q", metadata={"rules": rules})
    return asyncio.run(Rules(sample_rules=True).score(output, sample))


def test_rules_of_a_sample_have_weights() -> None:
    """The score is the weighted share of the rules that hold, and the explanation names the others."""
    result = sample_score([{"contains": "a", "weight": 3}, {"contains": "b"}], "a")
    assert (result.value, result.explanation) == (0.75, "contains b does not hold")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (None, "has no list `rules`"),
        ([{"contain": "a"}], "did you mean 'contains'?"),
        ([{"contains": 3}], "needs a text"),
        ([{"matches": "("}], "not a regular expression"),
        ([{"contains": "a", "weight": 0}], "weight must be a number above 0"),
        ([{"contains": "a", "is_json": True}], "is not a rule"),
    ],
)
def test_wrong_rules_of_a_sample_are_unscored(rules: Any, message: str) -> None:
    """A sample whose rules are wrong has no score, and the explanation says why."""
    result = sample_score(rules, "a")
    assert result.value is None
    assert message in (result.explanation or "")
