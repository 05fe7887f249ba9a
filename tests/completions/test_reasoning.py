"""What a model thought is split from what it answered, in the tags of every family of models."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.completions.finish_reasons import UNCLOSED_REASONING
from pytest_hiddenlayer.completions.reasoning import split_reasoning, without_reasoning
from pytest_hiddenlayer.types import Completion, Usage

BLOCKS = [
    "<think>{}</think>",
    "<thinking>\n{}\n</thinking>",
    "<thought>{}</thought>",
    "<thoughts>{}</thoughts>",
    "<reasoning>{}</reasoning>",
    "<THINK>{}</Think>",
    "<think >{}</think >",
    '<think time="3 s">{}</think>',
    "<|think|>{}<|/think|>",
    "<seed:think>{}</seed:think>",
    "<thinking>{}</thinking>",
    "[THINK]{}[/THINK]",
    "◁think▷{}◁/think▷",
    "<|START_THINKING|>{}<|END_THINKING|>",
    "<|begin_of_thought|>{}<|end_of_thought|>",
    "<|channel>thought\n{}<channel|>",
    "<unused94>thought\n{}<unused95>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "analysis{}assistantfinal",
]


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("thought", ["Is it A? No.", "A\n\nor `C`?\n", "1 < 2 and </b> or 3 > 2"])
@pytest.mark.parametrize("answer", ["**B**", "The answer is B.\n\n```\nx\n```"])
def test_a_block_before_the_answer_is_reasoning(block, thought, answer):
    """In every spelling, with white space before, between and after."""
    for text in (block.format(thought) + answer, f"\n\n {block.format(thought)}\n\n{answer}\n"):
        split = split_reasoning(text)
        assert (split.text, split.reasoning, split.closed) == (answer, thought.strip(), True)


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("Okay, A or B?\n</think>\n\nB", "B", "Okay, A or B?"),
        ("Okay, A or B?</think>B", "B", "Okay, A or B?"),
        ("Hm.[/THINK]B", "B", "Hm."),
        ("Hm.\n◁/think▷B", "B", "Hm."),
        ("Hm\n</think>\nmore\n</think>\nB", "B", "Hm\n</think>\nmore"),
        ("Hm, `</think>` ends it\n</think>\nB", "B", "Hm, `</think>` ends it"),
        ("Hm, shall I use <think> here?\nNo.\n</think>\nB", "B", "Hm, shall I use <think> here?\nNo."),
        ("</think>B", "B", ""),
        ('Hm.</think>"B"', '"B"', "Hm."),
        ("Hm.</think>.5", ".5", "Hm."),
        ("Hm\n</think>\n<think>still</think>\nB", "B", "Hm\n\nstill"),
    ],
)
def test_a_closing_tag_alone_ends_the_reasoning(text, answer, reasoning):
    """DeepSeek's and Qwen's templates write the opening tag into the prompt."""
    split = split_reasoning(text)
    assert (split.text, split.reasoning, split.closed) == (answer, reasoning, True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a</think><think>b</think>B", "B"),
        ("<think>a</think>\n\n<think>\n\n</think>\n\nB", "B"),
        ("<think></think>B", "B"),
        ("<think/>B", "B"),
        ("<think>a <think>b</think> c</think> B", "B"),
        ("<think>I may use <think> tags here.</think> B", "B"),
        ("<think>a</thinking>B", "B"),
        ("<think>an odd ` and ```</think>B `x`", "B `x`"),
        ("<think>Maybe A.</think> So: <think>No, B.</think> **B**", "So:  **B**"),
        ("<think>a</think>\nb\n</think>\nB", "B"),
        ("<think>a</think>B</think>", "B</think>"),
        ("Let me think.\n\n<thinking>\nA?\n</thinking>\n\n**B**", "Let me think.\n\n\n\n**B**"),
        ("<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>B<|end_of_solution|>", "B"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>", "B"),
        ("a<|end|><|start|>assistant<|channel|>final<|message|>B", "B"),
        ("<|start|>assistant<|channel|>commentary<|message|>a<|end|><|channel|>final<|message|>B", "B"),
        ("<|channel|>final<|message|>B", "B"),
        ("<|channel|>final <|constrain|>json<|message|>{}", "{}"),
        ("analysisWe see.assistantcommentaryok.assistantfinalB", "B"),
    ],
)
def test_several_and_nested_blocks_are_split_off(text, answer):
    """Also those that follow, that mention a tag, or that mix two names."""
    split = split_reasoning(text)
    assert (split.text, split.closed) == (answer, True)


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "",
        "Write `<think>` before and `</think>` after.",
        "Write <think> before and </think> after it.",
        "The block ends with </think>.",
        'It ends with "</think>" in most models',
        "```xml\n<think>\nA\n</think>\n```\nThis is the format.",
        "~~~\nA\n</think>\n~~~\nB",
        "The format is:\n<thinking>\nyour thoughts\n</thinking>",
        "I think <b>B</b>",
        "analysis of A shows B, assistantfinal",
        "Use `<|channel|>final<|message|>`.",
        "B\n<think>",
        "x < think > y",
        "<think about it> and B",
    ],
)
def test_a_tag_that_an_answer_mentions_stays(text):
    """Code, quotations and pairs inside a sentence are a part of the answer."""
    split = split_reasoning(text)
    assert (split.text, split.reasoning, split.closed) == (text, None, True)


@pytest.mark.parametrize(
    "answer",
    ["Use `</think>`.", "```\n<think>x</think>\n```", "It ends with </think>.", "Write <think> and </think>."],
)
def test_a_tag_that_the_answer_mentions_stays_after_reasoning(answer):
    """A model that reasons may answer a question about its tags."""
    assert split_reasoning(f"<think>Hm, tags.</think>\n{answer}").text == answer


@pytest.mark.parametrize(
    ("text", "reasoning"),
    [
        ("<think>So B is", "So B is"),
        ("\n<THINKING>B", "B"),
        ("[THINK]B", "B"),
        ("<think>a</think><think>b", "a\n\nb"),
        ("<think>a</think>\nB\n<think>or C", "a\n\nor C"),
        ("<|channel|>analysis<|message|>B", "B"),
        ("<|channel|>analysis", ""),
        ("analysisWe see B", "We see B"),
    ],
)
def test_reasoning_that_does_not_end_has_no_answer(text, reasoning):
    """What comes before is no answer, whatever it says."""
    split = split_reasoning(text)
    assert (split.text, split.reasoning, split.closed) == ("", reasoning, False)


def test_a_completion_keeps_what_its_server_split_off_already():
    """The server's part comes first."""
    made = completion("<think>b</think>B", reasoning="a")
    assert (without_reasoning(made).text, without_reasoning(made).reasoning) == ("B", "a\n\nb")
    plain = completion("B", reasoning="a")
    assert without_reasoning(plain) is plain


@pytest.mark.parametrize(("reason", "expected"), [("stop", UNCLOSED_REASONING), ("length", "length")])
def test_a_completion_without_an_end_of_its_reasoning_is_no_normal_stop(reason, expected):
    """The provider's own reason stays if it is none either."""
    assert without_reasoning(completion("<think>hm", reason)).finish_reason == expected


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(["<think>", "</think>", "</thinking>", "[THINK]", "`", "```", "\n", " ", "B", "."])))
def test_any_text_is_split(parts):
    """Nothing raises, nothing is invented, and an answer without reasoning is unchanged."""
    text = "".join(parts)
    split = split_reasoning(text)
    assert split.text in text or not split.closed or split.reasoning is not None
    assert split.reasoning is not None or split.text == text


@pytest.mark.parametrize(
    "text",
    ["<think>" * 20_000, "<think></think>" * 20_000, "</think>" * 20_000, "`<think>" * 20_000, "``` `" * 50_000],
)
def test_a_hostile_text_is_split_at_once(text):
    """The time grows in proportion to the length."""
    split_reasoning(text)


def completion(text: str, reason: str = "stop", reasoning: str | None = None) -> Completion:
    """A completion with this text."""
    return Completion(
        text=text, finish_reason=reason, usage=Usage(calls=1), latency_s=0.0, model="m", reasoning=reasoning
    )
