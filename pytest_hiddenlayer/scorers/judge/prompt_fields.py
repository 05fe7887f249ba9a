"""A sample's texts under the names that a judge's prompt may use.

The names are MT-Bench's: `question`, `question_1`, `answer`, `answer_a`, `answer_b_2`,
`ref_answer_1`. Of a chat the n-th user message is `question_n`, and the n-th answer is the
n-th assistant message, the output being the last; `ref_answer_n` is the n-th target.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...types import Message, Sample

SHARED = ("question", "reference", "criteria")
"""Names that stand in prompts for one answer and for a pair."""
SHARED_NUMBERED = ("question", "ref_answer")


def question_of(sample: Sample) -> str:
    """The input as one text, a chat with its roles, with the lettered choices where there are some."""
    if isinstance(sample.input, str):
        text = sample.input
    elif len(sample.input) == 1:
        text = sample.input[0].content
    else:
        text = "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in sample.input)
    return "\n".join([text, *(f"{chr(65 + n)}. {choice}" for n, choice in enumerate(sample.choices))])


def reference_of(sample: Sample) -> str | None:
    """The targets, any of which is right; None where there is none."""
    return "\nor: ".join(sample.targets) or None


def numbered(sample: Sample) -> dict[str, str]:
    """`question_n` and `ref_answer_n`."""
    users = [sample.input] if isinstance(sample.input, str) else [*_said(sample.input, "user")]
    return {**_count("question", users), **_count("ref_answer", list(sample.targets))}


def answers(name: str, sample: Sample, output: str) -> dict[str, str]:
    """`NAME`, the output, and `NAME_n` for each answer of the chat."""
    before = [] if isinstance(sample.input, str) else [*_said(sample.input, "assistant")]
    return {name: output, **_count(name, [*before, output])}


def _said(chat: tuple[Message, ...], role: str) -> Iterator[str]:
    return (message.content for message in chat if message.role == role)


def _count(name: str, texts: list[str]) -> dict[str, str]:
    return {f"{name}_{number}": text for number, text in enumerate(texts, 1)}
