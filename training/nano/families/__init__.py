"""Families of chats; a chat is a prompt and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..sampling import Draw


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """One prompt and its answer; `gold` is the part of the answer after its marker."""

    prompt: str
    answer: str
    kind: str = ""  # groups the figures within a family

    @property
    def gold(self) -> str:
        """The verdict or value that a correct answer must contain."""
        return read_answer(self.answer)


Family = Callable[[Draw], Chat]


def read_answer(text: str) -> str:
    """Return the verdict in double brackets, else the text after `Answer: ` or `The answer is `, else all of it."""
    text = text.strip()
    if text.endswith("]]") and "[[" in text:
        return text[text.rindex("[[") :]
    for marker in ("Answer: ", "The answer is "):
        if marker in text:
            text = text[text.rindex(marker) + len(marker) :]
            break
    return text.strip().removesuffix(".")
