"""A sample's texts by the field names of a judge's prompt.

The names are MT-Bench's: `question`, `question_1`, `answer`, `answer_a`, `answer_b_2`,
`ref_answer_1`. In a chat, the n-th user message is `question_n` and the n-th assistant message
is the n-th answer; the output is the last answer. `ref_answer_n` is the n-th target.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...types import Message, Sample

SHARED = ("question", "reference", "criteria")
"""Fields of prompts for one answer and for a pair."""
SHARED_NUMBERED = ("question", "ref_answer")


def question_of(sample: Sample) -> str:
    """Returns the input as one text, a chat with its roles, followed by the lettered choices if there are any."""
    if isinstance(sample.input, str):
        text = sample.input
    elif len(sample.input) == 1:
        text = sample.input[0].content
    else:
        text = "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in sample.input)
    return "\n".join([text, *(f"{chr(65 + index)}. {choice}" for index, choice in enumerate(sample.choices))])


def reference_of(sample: Sample) -> str | None:
    """Returns the targets, any of which is correct, or None without a target."""
    return "\nor: ".join(sample.targets) or None


def numbered(sample: Sample) -> dict[str, str]:
    """Returns `question_n` and `ref_answer_n`."""
    users = [sample.input] if isinstance(sample.input, str) else [*_contents(sample.input, "user")]
    return {**_count("question", users), **_count("ref_answer", list(sample.targets))}


def answers(name: str, sample: Sample, output: str) -> dict[str, str]:
    """Returns `NAME`, the output, and `NAME_n` for each answer of the chat."""
    earlier = [] if isinstance(sample.input, str) else [*_contents(sample.input, "assistant")]
    return {name: output, **_count(name, [*earlier, output])}


def _contents(chat: tuple[Message, ...], role: str) -> Iterator[str]:
    return (message.content for message in chat if message.role == role)


def _count(name: str, texts: list[str]) -> dict[str, str]:
    return {f"{name}_{number}": text for number, text in enumerate(texts, 1)}
