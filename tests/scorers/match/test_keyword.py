"""`keyword` matches whole words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.match.extract import Extract
from pytest_hiddenlayer.scorers.match.keyword import Keyword
from pytest_hiddenlayer.types import Sample, Score


def score(output: str, *target: str, **params: Any) -> Score:
    return asyncio.run(Keyword(**params).score(output, Sample(id="1", input="q", target=target or None)))


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("It is Lima.", "Lima"),
        ("LIMA", "lima"),
        ("I like C++, really", "C++"),
        ("I don\u2019t know", "don't"),
        ("New\n  York!", "new york"),
        ("un cafe\u0301 noir", "caf\u00e9"),
        ("STRASSE", "Straße"),
        ("(cat)", "cat"),
        ("私は東京に住んでいます", "東京"),
        ("답은 부산입니다.", "부산"),
        ("_Oslo_", "Oslo"),
        ("**Oslo**", "Oslo"),
        ("Buenos\u00a0Aires", "Buenos Aires"),
        ("a well\u2011known fact", "well-known"),
        ("12 %", "12"),
        ("It is 12.", "12"),
    ],
)
def test_whole_words_are_found(output: str, word: str) -> None:
    """A word or phrase matches between punctuation, in any case, quotation style and composition."""
    assert score(output, word).value == 1.0


@pytest.mark.parametrize(
    ("output", "word"),
    [("category", "cat"), ("élan", "lan"), ("cat_1", "cat"), ("newyork", "new york"), ("12.5", "12"), ("-12", "12")],
)
def test_parts_of_words_are_not_found(output: str, word: str) -> None:
    """A word inside a longer one does not count."""
    assert score(output, word).value == 0.0


def test_case_counts_on_request() -> None:
    """With `ignore_case: false` the case must match."""
    assert score("lima", "Lima", ignore_case=False).value == 0.0


def test_any_word_is_enough() -> None:
    """By default one keyword is enough."""
    assert score("a red fox", "red", "blue") == Score(value=1.0, answer="a red fox", explanation="found red")


def test_all_words_give_the_share_found() -> None:
    """`require_all` scores the share and names what is missing."""
    result = score("a red fox", "red", "blue", "fox", "owl", require_all=True)
    assert result == Score(value=0.5, answer="a red fox", explanation="missing: blue, owl")


def test_all_words_found_is_right() -> None:
    """With all keywords the score reaches the pass score."""
    assert score("red and blue", "red", "blue", require_all=True).value == Keyword.pass_score


def test_no_word_found_says_what_was_expected() -> None:
    """A wrong answer's explanation lists the words."""
    assert score("nothing", "red", "blue").explanation == "expected red or blue, found none of them"


def test_a_repeated_keyword_counts_once() -> None:
    """A repeated keyword counts once."""
    assert score("red", "red", "red", "blue", require_all=True).value == 0.5


def test_the_task_can_name_the_words() -> None:
    """`keywords` replaces the sample's target."""
    assert score("so sorry", keywords=("sorry",)).value == 1.0
    assert not Keyword(keywords=("sorry",)).needs_target


def test_extract_limits_where_words_are_found() -> None:
    """A word before the marker does not count."""
    assert score("Lima? Answer: Rome", "Lima", extract=Extract(marker="Answer: ")).value == 0.0


def test_without_words_nothing_is_scored() -> None:
    """No keyword and no target is unscored."""
    assert score("x").value is None


@pytest.mark.parametrize("keywords", [(), ("a", " ")])
def test_empty_keywords_are_refused(keywords: tuple[str, ...]) -> None:
    """An empty list or word would match anything or nothing."""
    with pytest.raises(UsageError, match="non-empty"):
        Keyword(keywords=keywords)


@pytest.mark.parametrize("params", [{}, {"keywords": ("Oslo", "Rome")}])
def test_the_answer_is_the_text_not_the_keywords(params: dict[str, Any]) -> None:
    """The answer says nothing about which keywords were found, so that votes do not know them."""
    assert score("It is **Oslo**.", "Oslo", **params).answer == "oslo"
    assert score("It is Bern.", "Oslo", **params).answer == "bern"
    assert Keyword(**params).parse("The answer is: Oslo", Sample(id="1", input="q")) == "oslo"
    assert Keyword(ignore_case=False).parse("\u201cOslo!\u201d", Sample(id="1", input="q")) == "Oslo"
    assert Keyword().parse(" ...", Sample(id="1", input="q")) is None


@pytest.mark.parametrize(
    ("match", "right", "wrong"),
    [
        ("text", "Oslofjord", "Bern"),
        ("start", "Oslo, I think", "It is Oslo"),
        ("end", "It is **Oslo**.", "Oslo, I think"),
    ],
)
def test_characters_as_written(match: str, right: str, wrong: str) -> None:
    """With another `match`, an output contains, begins or ends with the target's characters."""
    assert [score(text, "oslo", match=match).value for text in (right, wrong)] == [1.0, 0.0]
    assert score(right, "oslo", match=match, ignore_case=False).value == 0.0
