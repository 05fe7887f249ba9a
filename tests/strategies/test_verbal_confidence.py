"""Stated confidences: what is read as which probability, and what is not read."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.verbal_confidence import read_confidence, read_yes_or_no

READ = {
    "80": 0.8,
    "80%": 0.8,
    "I'd say 95 percent.": 0.95,
    "75,5 %": 0.755,
    "0.8": 0.8,
    "1": 0.01,
    "1.0": 1.0,
    "100": 1.0,
    "0": 0.0,
    "8/10": 0.8,
    "8 out of 10": 0.8,
    "Confidence: **85**": 0.85,
    "On a scale of 0-100, I am at 90.": 0.9,
    "95%, i.e. 0.95": 0.95,
    "ninety-five": 0.95,
    "one hundred percent": 1.0,
    "Almost certain": 0.95,
    "highly unlikely": 0.05,
    "Probably not.": 0.25,
}


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_a_stated_confidence_is_read(text, value):
    """Percentages, fractions, decimals, number words and the phrases of the survey are read."""
    assert read_confidence(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "hm", "I am confident", "150", "-5", "10 or 20", "80-90", "not likely", "12/10", "1,000", "3/0"]
)
def test_an_unclear_confidence_is_unknown(text):
    """No number, several, one outside the scale, or a negated phrase is unknown, never 0."""
    assert read_confidence(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("Yes.", 1.0), ("**No**, it is not", 0.0), ("True", 1.0), ("incorrect", 0.0)]
    + [(text, None) for text in ("Yes or no", "Yesterday", "", "hm")],
)
def test_a_binary_confidence_is_the_first_word(text, value):
    """Yes is 1, no is 0; a reply that begins with neither, or with both, is unknown."""
    assert read_yes_or_no(text) == value
