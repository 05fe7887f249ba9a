"""A blind question for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ...terminal_escape import block
from .questions import Question


def question_card(question: Question, progress: str) -> Iterator[str]:
    """The lines of a question: `progress` (such as `[3/10]`), the prompt, and the numbered answers without names."""
    yield progress
    yield from ("prompt", *block(question.prompt))
    for number, text in enumerate(question.texts, 1):
        yield "answer" if question.b is None else f"answer {number}"
        yield from block(text)
