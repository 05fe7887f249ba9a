"""Words, phrases and numbers are found as a whole, in any script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.scorers.match.text_match import has_word, whole_spans

WORDS = st.text(alphabet="ab\u00e9 \t,'", max_size=12)


@given(text=WORDS, word=WORDS.filter(str.strip))
def test_a_word_is_found_between_non_letters(text: str, word: str) -> None:
    """Without digits, marks and other scripts, a word is whole if no letter touches it."""
    phrase = r"\s+".join(map(re.escape, word.split()))
    assert has_word(text, word, ignore_case=False) == (re.search(rf"(?<!\w){phrase}(?!\w)", text) is not None)


def test_phrases_and_borders() -> None:
    """White space inside a phrase may differ, longer words do not match, quotes and case are folded."""
    assert has_word("the New\n  York times", "new york")
    assert not has_word("the New Yorker", "new york")
    assert has_word("It\u2019s here.", "it's")
    assert not has_word("Stra\u00dfe", "stra")
    assert has_word("STRASSE", "Stra\u00dfe")


def test_spans_cover_each_whole_occurrence() -> None:
    """Each whole occurrence is found with its position, also after a part of a longer number."""
    assert list(whole_spans("11 1 1", "1 1")) == [(3, 6)]
    assert list(whole_spans("a cat, A CAT", "a cat", ignore_case=True)) == [(0, 5), (7, 12)]


@pytest.mark.parametrize(
    "text",
    ["It is 12.", "12, I think", "12%", "$12", "US$12 each", "4-12 days", "2031-12-05", "12/10/2031", "10/12/2031",
     "[7,12]", "x=12", "(12)", "12월", "12個", "at 12:30", "GPT-12"],
)  # fmt: skip
def test_a_whole_number_is_found(text: str) -> None:
    """A number may be followed by a full stop or a unit sign, and be part of a range, a list or a date."""
    assert has_word(text, "12")


@pytest.mark.parametrize(
    "text",
    ["12.5 hours", "-12", "\u221212", "(-12)", "-$12", "12,000", "3,012", "0.12", ".12", "1/12", "12/5", "2012",
     "3.12.1", "12^3", "2^12", "12\u00b2", "12\u00bd"],
)  # fmt: skip
def test_a_number_inside_another_number_is_not_found(text: str) -> None:
    """Decimals, signs, groups of thousands, fractions and powers make another number."""
    assert not has_word(text, "12")


def test_a_signed_number_is_found_only_with_its_sign() -> None:
    """'-12' is in '-12', also with a typographic minus, but not in a range or a difference."""
    assert has_word("about \u221212 degrees", "-12")
    assert not has_word("4-12 days", "-12")
    assert not has_word("4 days, 12 nights", "-12")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("정답은 부산입니다.", "부산"),
        ("부산이에요", "부산"),
        ("부산에서는 비가 온다", "부산"),
        ("답은 부산이라고 생각합니다", "부산"),
        ("부산광역시입니다", "부산"),
        ("수도는 도쿄다.", "도쿄"),
        ("부산인 것 같아요", "부산"),
        ("Oslo입니다", "Oslo"),
        ("首都是奥斯陆。", "奥斯陆"),
        ("首都はオスロです", "オスロ"),
        ("答案是Oslo。", "Oslo"),
        ("เมืองหลวงคือออสโลครับ", "ออสโล"),
        ("रात में राम आया", "राम"),
        ("\u0643\u062a\u0627\u0628\u064c", "\u0643\u062a\u0627\u0628"),
    ],
)
def test_words_of_every_script_are_found(text: str, word: str) -> None:
    """Korean particles, neighbours without spaces, another script and vowel points do not hide a word."""
    assert has_word(text, word)


@pytest.mark.parametrize(("text", "word"), [("부산대학교", "부산"), ("남부산", "부산"), ("रामायण", "राम")])
def test_longer_words_of_other_scripts_are_not_the_word(text: str, word: str) -> None:
    """A Korean compound and a word that goes on with a vowel sign are other words."""
    assert not has_word(text, word)


@pytest.mark.parametrize(
    "text", ["_Oslo_", "**Oslo**", "`Oslo`", "Os\u00adlo", "\u201cOslo\u201d", "\u200bOslo\ufeff"]
)
def test_markup_and_invisible_characters_do_not_hide_a_word(text: str) -> None:
    """Emphasis, quotes and invisible characters leave the word."""
    assert has_word(text, "oslo")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("H\u2082O", "H2O"),
        ("H<sub>2</sub>O", "H2O"),
        ("S\u00e3o&nbsp;Tom\u00e9", "S\u00e3o Tom\u00e9"),
        ("AT&amp;T", "AT&T"),
        ("snake\\_case", "snake_case"),
        ("isn`t", "isn't"),
        ("\u00abOslo\u00bb", '"Oslo"'),
        ("3\u20444", "3/4"),
        ("부산이거든요", "부산"),
        ("부산이겠습니다", "부산"),
    ],
)
def test_other_spellings_of_a_word_are_found(text: str, word: str) -> None:
    """Subscripts, HTML entities, escaped marks, backticks, guillemets and fraction slashes do not hide a word."""
    assert has_word(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\u221a12", "12"),
        ("\u00b112", "12"),
        ("12'000", "12"),
        ("12 \u00d7 10^3", "12"),
        ("It is minus 12.", "12"),
        ("negative 12", "12"),
        ("-1/12", "1/12"),
        ("-$12", "$12"),
        ("twenty-two", "two"),
        ("C++", "C"),
        ("C# code", "C"),
    ],
)
def test_a_part_of_a_longer_expression_is_not_the_word(text: str, word: str) -> None:
    """A root, a sign in words, a power of ten, a number word and a language's name are other words."""
    assert not has_word(text, word)


@pytest.mark.parametrize("text", ["call __init__ first", "call `__init__`"])
def test_names_in_code_are_words(text: str) -> None:
    """A name with underscores is found, and its parts are not."""
    assert has_word(text, "__init__")
    assert not has_word("set snake_case", "snake")


@pytest.mark.parametrize(("text", "word"), [("a " * 50_000, "a a a b"), ("1," * 50_000, "1"), ("-" * 100_000, "12")])
def test_long_texts_take_linear_time(text: str, word: str) -> None:
    """A text of a hundred thousand characters does not hang."""
    assert not has_word(text, word + " c")
