"""`choice` detects the option that an output names."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.scorers.match.choice import Choice
from pytest_hiddenlayer.types import Message, Sample, Score

CITIES = ("Paris", "vitamin B", "Rome")
LISTED = "Where?\nOptions:\n(A) Paris\n(B) 12/25/1937\n(C) Rome"


def sample(target: str | None = "B", choices: tuple[str, ...] = CITIES) -> Sample:
    return Sample(id="1", input="q", target=target, choices=choices)


def score(output: str, of: Sample) -> Score:
    return asyncio.run(Choice().score(output, of))


@pytest.mark.parametrize(
    "output",
    [
        "(B)",
        "B",
        "b",
        "B.",
        "**B**",
        "Answer: B",
        "answer: b",
        "The answer is (B)",
        "The correct answer is: option (B).",
        "\\boxed{B}",
        "I choose\nB",
        "B) vitamin B",
        "vitamin b",
        "It's vitamin B",
        "The answer is vitamin B, not Paris",
        "B is best",
        "Option A is wrong. The answer is B",
        "The answer is B. Option A is wrong.",
        "Answer: A. Wait. Answer: B",
    ],
)
def test_the_named_option_is_read(output: str) -> None:
    """Letters, texts and cues name an option."""
    assert Choice().parse(output, sample()) == "B"


@pytest.mark.parametrize("output", ["A is better", "Hmm, A", "A", "A because it is larger", "Answer: A"])
def test_the_letter_a_can_be_an_answer(output: str) -> None:
    """An A that is alone, last, before a verb or after a cue is the option."""
    assert Choice().parse(output, sample()) == "A"


@pytest.mark.parametrize("output", ["A dog is here", "the answer is a dog", "I think so", "None", "D", "Be it"])
def test_words_are_not_options(output: str) -> None:
    """Articles, pronouns and unknown letters name nothing."""
    assert Choice().parse(output, sample()) is None


@pytest.mark.parametrize("output", ["A or B", "(A) fits, (B) fits", "Paris and vitamin B"])
def test_several_options_are_no_answer(output: str) -> None:
    """An output that names two options scores 0 with the reason."""
    assert score(output, sample()) == Score(value=0.0, explanation="expected B, found several: A, B")


def test_no_option_is_wrong_and_says_so() -> None:
    """An output that names no option scores 0 with the reason."""
    assert score("No idea", sample()).explanation == "expected B, found no option"


def test_wrong_options_say_what_was_expected() -> None:
    """The explanation names both letters."""
    assert score("(C)", sample()) == Score(value=0.0, answer="C", explanation="expected B, got C")


@pytest.mark.parametrize("target", ["B", "(B)", "b.", "vitamin B", "VITAMIN B"])
def test_a_target_is_a_letter_or_a_text(target: str) -> None:
    """All spellings of the target mean the same option."""
    assert score("B", sample(target)).value == 1.0


def test_a_target_that_is_no_option_is_unscored() -> None:
    """An unusable target is unscored, not wrong."""
    assert score("B", sample("D")) == Score(value=None, explanation="the target D is not one of A, B, C")


def test_without_target_nothing_is_scored() -> None:
    """Without a target the sample is unscored, not wrong."""
    assert score("B", sample(None)).value is None


@pytest.mark.parametrize("text", [LISTED, LISTED.replace("(", ""), LISTED.replace("(", "").replace(")", ".")])
def test_options_are_found_in_the_input(text: str) -> None:
    """Lettered lines at the end of the input are the options."""
    assert score("It is 12/25/1937", Sample(id="1", input=text, target="(B)")).value == 1.0


def test_options_are_found_in_chats() -> None:
    """Options in chat messages count."""
    chat = (Message(role="user", content=LISTED),)
    assert score("Rome", Sample(id="1", input=chat, target="C")).value == 1.0


def test_the_last_list_of_options_counts() -> None:
    """Only the last list counts."""
    text = "(A) one\n(B) two\n\n(A) red\n(B) blue"
    assert score("blue", Sample(id="1", input=text, target="B")).value == 1.0


def test_letters_alone_need_no_options() -> None:
    """Without a list any letter may be the answer."""
    assert score("The answer is (E).", Sample(id="1", input="q", target="E")).value == 1.0


def test_more_than_26_choices_are_unscored() -> None:
    """Letters end at Z: a sample with more choices is unscored with the reason, not wrong."""
    many = sample("B", tuple(f"case {number}" for number in range(27)))
    assert score("B", many) == Score(value=None, explanation="27 choices, but only A to Z can be named")


@pytest.mark.parametrize("target", ["the dog.", "\u201cThe dog\u201d", "THE DOG"])
def test_a_target_may_be_spelled_otherwise_than_its_option(target: str) -> None:
    """Quotes, case and a final dot do not make a target another option."""
    assert score("B", sample(target, ("The cat", "The dog"))).value == 1.0
