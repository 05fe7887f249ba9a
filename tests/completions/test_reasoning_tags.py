"""Which tags belong together, and which are code."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.completions.code_spans import CodeSpans
from pytest_hiddenlayer.completions.reasoning import split_reasoning
from pytest_hiddenlayer.completions.reasoning_tags import pairs, read_tags


def code(text: str) -> str:
    """The characters of a text that are code."""
    spans = CodeSpans(text)
    return "".join(character for index, character in enumerate(text) if index in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a `b` c", "`b`"),
        ("`a` `b`", "`a``b`"),
        ("`a``b`", "`a``b`"),
        ("`` `a`", "`a`"),
        ("`a\n\nb`", ""),
        ("``a\n\nb``", ""),
        ("```a\n\nb```c", "```a\n\nb```"),
        ("`a\nb`", "`a\nb`"),
        ("no code", ""),
    ],
)
def test_code_ends_with_the_next_run_of_backticks_of_its_length(text: str, expected: str) -> None:
    """Code on one line does not go past a blank line, a fence of three does, and what follows a span is no code."""
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>b", ["<think>a</think>"]),
        ("<think>a<think>b</think>c</think>d", ["<think>a<think>b</think>c</think>"]),
        ("<think>a<reasoning>b</reasoning>c</think>d", ["<think>a<reasoning>b</reasoning>c</think>"]),
        ("<think>a</think>b<think>c</think>", ["<think>a</think>", "<think>c</think>"]),
        ("<think/>a<think>b</think>", ["<think/>", "<think>b</think>"]),
        ("</think>a<think>b", []),
    ],
)
def test_pairs_are_the_outermost_ones(text: str, expected: list[str]) -> None:
    """A pair inside another one is not listed, whatever its name."""
    assert [text[first.start : last.end] for first, last in pairs(read_tags(text))] == expected


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("<think>a <think/> b</think>C", "C", "a <think/> b"),
        ("<think>a <think>b</think> c</think>D", "D", "a <think>b</think> c"),
        ("<think>a </reasoning> b</think>C", "C", "a </reasoning> b"),
        ("<think>a <reasoning> b</think>C", "C", "a <reasoning> b"),
        ("<think>a</reasoning>B", "B", "a"),
        ("<think>say `</reasoning>` first</thought>B", "B", "say `</reasoning>` first"),
        ("<think>odd ` </reasoning></think>B `", "B `", "odd ` </reasoning>"),
    ],
)
def test_reasoning_ends_with_its_own_tag_if_there_is_one(text: str, answer: str, reasoning: str) -> None:
    """Tags of other names, nested ones and those in code do not end it, unless no other tag does."""
    split = split_reasoning(text)
    assert (split.text, split.reasoning, split.closed) == (answer, reasoning, True)
