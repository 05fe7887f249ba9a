"""Families of chats: a prompt and the answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..sampling import Draw


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """One exchange; `gold` is what stands in the answer behind its marker."""

    prompt: str
    answer: str
    kind: str = ""  # within the family: what figures are grouped by

    @property
    def gold(self) -> str:
        """What a right answer must give."""
        return read_answer(self.answer)


Family = Callable[[Draw], Chat]


def read_answer(text: str) -> str:
    """The verdict in double brackets, else what follows `Answer: ` or `The answer is `, else the whole text."""
    text = text.strip()
    if text.endswith("]]") and "[[" in text:
        return text[text.rindex("[[") :]
    for marker in ("Answer: ", "The answer is "):
        if marker in text:
            text = text[text.rindex(marker) + len(marker) :]
            break
    return text.strip().removesuffix(".")
