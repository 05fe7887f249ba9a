"""Characters and markup that a reader does not tell apart have one spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.scorers.match.text_normalization import plain_text, strip_emphasis, unify_characters


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I don\u2019t", "I don't"),
        ("\u201cyes\u201d", '"yes"'),
        ("well\u2011known, \u22123, 1\u20132", "well-known, -3, 1-2"),
        ("New\u00a0York\u2009City\u3000!", "New York City !"),
        ("Re\u00adykja\u200bvik\ufeff", "Reykjavik"),
        ("Zu\u0308rich", "Z\u00fcrich"),
        ("\uff22\uff1a\uff11\uff10", "B:10"),
        ("\uff76\uff9e", "\u30ac"),
        ("\ufb01sh", "fish"),
        ("Oslo\u200d", "Oslo"),
        ("\u0374", "'"),
    ],
)
def test_characters_that_look_alike_are_one(text: str, plain: str) -> None:
    """Quotes, dashes, spaces, widths and invisible characters have one spelling."""
    assert unify_characters(text) == plain


@pytest.mark.parametrize(
    "text", ["x\u00b2", "\u00bd", "\u2460", "\u30fc", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]
)
def test_characters_with_a_meaning_of_their_own_stay(text: str) -> None:
    """A power, a fraction, a circled number, a long vowel and a Persian joiner do not change."""
    assert unify_characters(text) == text


@pytest.mark.parametrize(
    "text",
    ["*Oslo*", "**Oslo**", "***Oslo***", "_Oslo_", "__Oslo__", "`Oslo`", "**_Oslo_**", "**`Oslo`**", "<b>Oslo</b>"],
)
def test_emphasis_is_removed(text: str) -> None:
    """Markdown's and HTML's emphasis leaves the word."""
    assert strip_emphasis(text) == "Oslo"


def test_emphasis_may_touch_letters() -> None:
    """A bold label may be followed by a letter, and bold text may stand between Chinese letters."""
    assert strip_emphasis("**Answer:**B, 答案是**B**选项") == "Answer:B, 答案是B选项"


@pytest.mark.parametrize(
    "text",
    [
        "snake_case",
        "__init__",
        "_private",
        "2*3*4",
        "2**3**4",
        "x**2 + y**z",
        "a * b * c",
        "* one\n* two",
        "____",
        "**",
    ],
)
def test_signs_that_are_no_emphasis_stay(text: str) -> None:
    """Names in code, products, powers, bullets and blanks keep their signs."""
    assert strip_emphasis(text) == text


def test_code_keeps_its_signs() -> None:
    """Only the back quotes of a code span are removed."""
    assert strip_emphasis("use `*args*`") == "use *args*"


@given(text=st.text())
def test_the_result_is_composed_and_stable(text: str) -> None:
    """Unified text is in NFC, and unifying it again changes nothing."""
    unified = unify_characters(text)
    assert unicodedata.is_normalized("NFC", unified)
    assert unify_characters(unified) == unified


@pytest.mark.parametrize("piece", ["*a", "**a", "_a ", "`a", "*", "_", "**a b", "a_", "<b>"])
def test_marks_without_a_partner_take_linear_time(piece: str) -> None:
    """A hundred thousand unpaired marks do not hang."""
    assert plain_text(piece * 100_000) is not None
