"""A blind question as lines for a terminal: prompt and answers, no names."""

from __future__ import annotations

from collections.abc import Iterator

from ...terminal_escape import block
from .questions import Question


def question_card(question: Question, place: str) -> Iterator[str]:
    """The prompt, then each answer behind its number."""
    yield place
    yield from ("prompt", *block(question.prompt))
    for number, text in enumerate(question.texts, 1):
        yield "answer" if question.b is None else f"answer {number}"
        yield from block(text)


def what_is_asked(question: Question) -> str:
    """The question in words."""
    if question.scale is None:
        return "Which answer is better?"
    return f"How good is this answer, from {question.scale[0]} (worst) to {question.scale[1]} (best)?"
