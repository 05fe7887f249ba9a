"""What users' scorers and strategies add to a record is bounded plain JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases import run

from pytest_hiddenlayer.engine.plain_json import MAX_TEXT, MAX_TOTAL, bounded_json, bounded_text
from pytest_hiddenlayer.registry import scorer, strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import Answer, Score

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(JSON)
def test_any_value_becomes_json(value):
    """Infinities, huge numbers and lone surrogates included."""
    json.dumps(bounded_json(value), allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("value", [0, 1.5, "a", None, True, [1, ["b"]], {"a": {"b": [1.0]}}])
def test_small_values_are_unchanged(value):
    """What JSON has and what is short stays as it is, with its type."""
    assert repr(bounded_json(value)) == repr(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("0.10"), "0.10"), (Path("x"), "x"), (float("nan"), "nan"), ({1}, "{1}"), (10**80, hex(10**80))],
)
def test_other_values_become_texts(value, text):
    """A type that JSON lacks is shown as text."""
    assert bounded_json([value]) == [text]


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        ["x" * 9_000] * 1000,
        list(range(10**6)),
        {str(i): "x" for i in range(10**5)},
        {"x" * 10**6: 1},
        [[["y" * 50] * 100] * 100] * 100,
    ],
)
def test_long_values_are_cut_with_a_note(value):
    """However a value is long, it keeps its beginning and says that something was cut."""
    text = json.dumps(bounded_json(value))
    assert len(text) < 2 * MAX_TOTAL
    assert "cut" in text


def test_the_key_of_a_cut_value_is_kept():
    """A value that takes all the space is cut; its key says what it was."""
    plain = bounded_json({"vote": {str(i): "y" * 9000 for i in range(20)}})
    assert list(plain) == ["vote"]


def test_a_loop_ends():
    """A value that contains itself is cut at a depth."""
    loop: list[object] = []
    loop.append(loop)
    json.dumps(bounded_json(loop))


def test_a_text_says_how_much_was_cut():
    """The number of characters is exact."""
    assert bounded_text("x" * (MAX_TEXT + 1234)).endswith("x… [1,234 more characters were cut]")


def test_long_explanations_details_and_metadata_make_a_small_record(case):
    """50 MB of each make a record of less than a megabyte, with the score."""

    @scorer("test_verbose")
    def verbose(output, sample):
        return Score(value=1.0, explanation="e" * 50_000_000, details={"d": "d" * 50_000_000})

    @strategy("test_verbose")
    async def rambling(context):
        return Answer(output="yes", metadata={"m": ["m" * 50_000_000]})

    record = run(case("test_verbose", strategies=(parse_strategy("test_verbose"),)), {})
    assert record.score == 1.0
    assert len(json.dumps(record.to_json())) < 1_000_000
    assert record.scores["test_verbose"]["explanation"].endswith("more characters were cut]")
