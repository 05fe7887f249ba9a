"""`exact` compares character by character."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.scorers.match.exact import Exact
from pytest_hiddenlayer.scorers.match.extract import Extract
from pytest_hiddenlayer.types import Sample, Score


def score(scorer: Exact, output: str, *target: str) -> Score:
    return asyncio.run(scorer.score(output, Sample(id="1", input="q", target=target or None)))


@pytest.mark.parametrize("output", ["yes", " yes\n"])
def test_the_same_text_is_right(output: str) -> None:
    """White space around the answer does not count."""
    assert score(Exact(), output, "yes").value == 1.0


@pytest.mark.parametrize("output", ["Yes", "yes.", "y es", "it is yes"])
def test_any_other_text_is_wrong(output: str) -> None:
    """Case, punctuation and inner spaces count by default."""
    assert score(Exact(), output, "yes").value == 0.0


def test_wrong_answers_say_what_was_expected() -> None:
    """The explanation names the target and the answer."""
    assert score(Exact(), "26", "18").explanation == "expected 18, got 26"


def test_differences_in_spacing_are_visible() -> None:
    """If only white space differs, the explanation quotes both texts."""
    assert score(Exact(), "a  b", "a b").explanation == "expected a b, got 'a  b'"


def test_any_target_is_accepted() -> None:
    """One of several targets is enough."""
    assert score(Exact(), "b", "a", "b").value == 1.0


def test_case_is_ignored_on_request() -> None:
    """`ignore_case` folds by Unicode, on both sides."""
    assert score(Exact(ignore_case=True), "STRASSE", "Straße").value == 1.0


def test_punctuation_is_ignored_on_request() -> None:
    """`ignore_punctuation` drops punctuation and the gaps it leaves."""
    assert score(Exact(ignore_punctuation=True), "Well, — yes!", "Well yes").value == 1.0


def test_spelling_is_normalized_on_request() -> None:
    """`normalize` composes letters and collapses white space."""
    assert score(Exact(), "cafe\u0301  au\nlait", "caf\u00e9 au lait").value == 0.0
    assert score(Exact(normalize=True), "cafe\u0301  au\nlait", "caf\u00e9 au lait").value == 1.0


def test_extract_comes_first() -> None:
    """The extract rule cuts the answer out."""
    rule = Extract(marker="Answer: ", strip_final_dot=True)
    assert score(Exact(extract=rule), "I think. Answer: Lima.", "Lima") == Score(
        value=1.0, answer="Lima", explanation="got Lima, as expected"
    )


def test_targets_lose_their_final_dot_too() -> None:
    """A target that ends in a dot can match with `strip_final_dot`."""
    assert score(Exact(extract=Extract(strip_final_dot=True)), "Yes.", "Yes.").value == 1.0


def test_no_answer_is_wrong_and_says_so() -> None:
    """An output in which the rule finds nothing scores 0 with the reason."""
    assert score(Exact(extract=Extract(pattern=r"(\d)")), "none", "1") == Score(
        value=0.0, explanation="expected 1, found no answer"
    )


def test_without_target_nothing_is_scored() -> None:
    """Without a target the sample is unscored, not wrong."""
    assert score(Exact(), "x") == Score(value=None, explanation="no target")


def test_equal_answers_parse_to_equal_text() -> None:
    """`parse` returns the text that is compared."""
    scorer, sample = Exact(ignore_case=True, normalize=True), Sample(id="1", input="q")
    assert scorer.parse(" Red  Fox", sample) == scorer.parse("red fox\n", sample) == "red fox"


def test_composed_and_decomposed_letters_are_equal() -> None:
    """Nobody sees whether an accent is a character of its own."""
    assert score(Exact(), "cafe\u0301", "caf\u00e9").value == 1.0


@pytest.mark.parametrize(
    "output", ["don\u2019t stop", "**don't stop**", "don't\u00a0stop", "don't stop\ufeff", "_don't_ stop"]
)
def test_typography_counts_unless_normalized(output: str) -> None:
    """Quotes, emphasis, spaces and invisible characters are differences by default, and none with `normalize`."""
    assert score(Exact(), output, "don't stop").value == 0.0
    assert score(Exact(normalize=True), output, "don't stop").value == 1.0
