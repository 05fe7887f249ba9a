"""A sample's texts by the field names of a judge's prompt.

The names are MT-Bench's: `question`, `question_1`, `answer`, `answer_a`, `answer_b_2`,
`ref_answer_1`. In a chat, the n-th user message is `question_n` and the n-th assistant message
is the n-th answer; the output is the last answer. `ref_answer_n` is the n-th target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...types import Message, Sample

SHARED = ("question", "reference", "criteria")
"""Fields of prompts for one answer and for a pair."""
SHARED_NUMBERED = ("question", "ref_answer")


def question_of(sample: Sample) -> str:
    """Returns what the candidate was asked, as one text: the rendered prompt, or the input if it is not rendered."""
    return question_text(_messages(sample), sample.choices)


def question_text(messages: Sequence[Message], choices: Sequence[str] = ()) -> str:
    """Returns a prompt as one text, followed by the lettered choices unless the prompt shows them itself.

    Several messages, a system message among them, are each preceded by their role.
    """
    if len(messages) == 1:
        text = messages[0].content
    else:
        text = "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in messages)
    lettered = [(chr(65 + index), choice) for index, choice in enumerate(choices)]
    if all(_shows(text, letter, choice) for letter, choice in lettered):
        return text
    return "\n".join([text, *(f"{letter}. {choice}" for letter, choice in lettered)])


def _shows(text: str, letter: str, choice: str) -> bool:
    """Whether a prompt shows a choice after its letter: `A. x`, `(A) x`, `A: x`, `**A** x`."""
    return re.search(rf"(?<!\w){re.escape(letter)}[^\w\n]{{1,6}}{re.escape(choice)}", text) is not None


def _messages(sample: Sample) -> tuple[Message, ...]:
    if sample.prompt:
        return sample.prompt
    return (Message(role="user", content=sample.input),) if isinstance(sample.input, str) else sample.input


def reference_of(sample: Sample) -> str | None:
    """Returns the targets, any of which is correct, or None without a target."""
    return "\nor: ".join(sample.targets) or None


def numbered(sample: Sample) -> dict[str, str]:
    """Returns `question_n` and `ref_answer_n`."""
    users = [*_contents(_messages(sample), "user")]
    return {**_count("question", users), **_count("ref_answer", list(sample.targets))}


def answers(name: str, sample: Sample, output: str) -> dict[str, str]:
    """Returns `NAME`, the output, and `NAME_n` for each answer of the chat."""
    earlier = _contents(_messages(sample), "assistant")
    return {name: output, **_count(name, [*earlier, output])}


def _contents(chat: tuple[Message, ...], role: str) -> Iterator[str]:
    return (message.content for message in chat if message.role == role)


def _count(name: str, texts: list[str]) -> dict[str, str]:
    return {f"{name}_{number}": text for number, text in enumerate(texts, 1)}
