"""P(True) and stated confidence: what the model is asked, and what its reply means."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pytest_hiddenlayer.strategies.elicitation import ElicitedConfidence, ask_p_true, ask_verbalized, p_true
from pytest_hiddenlayer.strategies.prompt_files import find_prompt
from pytest_hiddenlayer.taskfile.prompt import render_template
from pytest_hiddenlayer.types import Completion, Message, Usage


def completion(text: str, tokens: Sequence[Mapping[str, float]] | None = None, **fields: Any) -> Completion:
    """A reply; `tokens` are probabilities by text per token."""
    tops = None if tokens is None else tuple({t: math.log(p) for t, p in token.items()} for token in tokens)
    given = {"finish_reason": "stop", "usage": Usage(calls=1), "latency_s": 0.0, "model": "m"} | fields
    return Completion(text=text, top_logprobs=tops, **given)


def built_in(prompt: str, /, *, judge: bool | str = False, **values: Any) -> str:
    """The built-in prompt of this name."""
    return render_template(find_prompt(prompt).text, values)


class Asked:
    """An `ask` that keeps what it was asked."""

    def __init__(self, reply: Completion) -> None:
        self.reply = reply

    async def __call__(self, prompt: Any, **arguments: Any) -> Completion:
        self.prompt, self.arguments = prompt, arguments
        return self.reply


def test_p_true_is_the_share_of_the_label_a():
    """P(True) = P(A) / (P(A) + P(B)) over all spellings of the labels, and the mass of both is reported."""
    elicited = p_true(completion("A", [{"A": 0.5, " A": 0.1, "B": 0.2, "The": 0.2}]))
    assert elicited.value == pytest.approx(0.75)
    assert elicited.mass == pytest.approx(0.8)


def test_rounded_probabilities_above_one_are_shares_all_the_same():
    """Labels whose rounded probabilities add up to more than 1 are divided by their sum."""
    elicited = p_true(completion("A", [{"A": 0.6, "B": 0.45}]))
    assert elicited.value == pytest.approx(0.6 / 1.05)
    assert elicited.mass == 1.0


def test_p_true_is_read_behind_a_bracket():
    """A reply that begins with a bracket is read at the token of its label."""
    assert p_true(completion("(B)", [{"(": 1.0}, {"A": 0.1, "B": 0.9}])).value == pytest.approx(0.1)


def test_a_confident_no_is_zero_and_not_unknown():
    """If the label A is not among the alternatives, P(True) is 0."""
    assert p_true(completion("B", [{"B": 0.99}])).value == 0.0


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (completion("A"), "no top log-probabilities"),
        (completion("Well", [{"Well": 0.9, "A": 0.1}]), "0.1 together"),
        (completion("(", [{"(": 1.0}]), "no label"),
        (completion("A", [{"A": 1.0}], reasoning="hm"), "reasoned"),
    ],
)
def test_p_true_without_label_is_unknown(reply, why):
    """Without top log-probabilities, label or enough mass on the labels, P(True) is unknown and says why."""
    elicited = p_true(reply)
    assert elicited.value is None
    assert why in elicited.why


@pytest.mark.parametrize(("text", "known"), [("A week is 7 days.", False), ("A True", True), ("A is right", True)])
def test_an_article_is_not_the_label_a(text, known):
    """A reply that begins with the article "A", as SmolLM2 repeats its answer, has no P(True)."""
    elicited = p_true(completion(text, [{"A": 0.6, "B": 0.1}]))
    assert (elicited.value is not None) == known
    assert known or elicited.why == "the reply is a sentence, not a label: 'A week is 7 days.'"


def test_p_true_is_asked_with_question_answer_and_labels():
    """The request shows the question, the whole answer and both labels, and asks for 20 alternatives."""
    asked = Asked(completion("A", [{"A": 1.0}]))
    asyncio.run(ask_p_true(asked, built_in, "What is {6}*7?", " So 42.\n", role="confidence-1"))
    assert asked.prompt.startswith("Question:\nWhat is {6}*7?\n\nPossible answer:\nSo 42.\n\n")
    assert "(A) True\n(B) False" in asked.prompt
    assert (asked.arguments["role"], asked.arguments["top_logprobs"]) == ("confidence-1", 20)


def test_a_stated_confidence_is_asked_in_a_second_turn():
    """The model sees its own answer as its turn of the chat, and is asked for a number from 0 to 100."""
    asked = Asked(completion("80"))
    chat = (Message(role="system", content="Be brief."), Message(role="user", content="6*7?"))
    elicited = asyncio.run(ask_verbalized(asked, built_in, chat, "42"))
    assert [m.role for m in asked.prompt] == ["system", "user", "assistant", "user"]
    assert asked.prompt[2].content == "42"
    assert "0 (certainly wrong) to 100" in asked.prompt[3].content
    assert elicited == ElicitedConfidence(value=0.8, reply="80")


def test_a_stated_confidence_that_cannot_be_read_is_unknown():
    """An unreadable reply, and one that was cut off, has no value and shows the reply."""
    for reply in (completion("I cannot say."), completion("9", finish_reason="length")):
        elicited = asyncio.run(ask_verbalized(Asked(reply), built_in, (Message(role="user", content="6*7?"),), "42"))
        assert elicited.value is None
        assert elicited.to_json()["why"] == f"the reply is not one number from 0 to 100: {reply.text!r}"


@pytest.mark.parametrize(
    ("reply", "value"), [("A week is 7 days.", None), ("The answer is 7.", None), ("7", 0.07), ("I am 7% sure", 0.07)]
)
def test_a_repeated_number_is_not_a_confidence(reply, value):
    """A number of the answer in a sentence is unknown; alone or in percent it is a confidence."""
    asked = Asked(completion(reply))
    elicited = asyncio.run(
        ask_verbalized(asked, built_in, (Message(role="user", content="?"),), "A week has 7 days.")
    )
    assert elicited.value == value


def test_a_binary_confidence_is_yes_or_no():
    """With `binary` the model is asked for yes or no."""
    asked = Asked(completion("No."))
    elicited = asyncio.run(
        ask_verbalized(asked, built_in, (Message(role="user", content="6*7?"),), "42", binary=True)
    )
    assert asked.prompt[-1].content.startswith("Is your answer correct?")
    assert elicited.value == 0.0
