"""What debaters or a consultant said so far, with quotations checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ....completions.finish_reasons import ended_normally
from ....types import Completion
from .quotes import mark_quotes


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """What a debater says for one of the two answers."""

    side: int  # 0 or 1: index of the answer in the pair
    text: str  # with marked quotations
    verified: int = 0  # quotations that the task's text has
    unverified: int = 0
    truncated: bool = False


@dataclass(kw_only=True, slots=True)
class Arguments:
    """The arguments so far, in the order in which they were made."""

    passage: str  # the text in which quotations are looked up
    quotes: bool  # whether quotations are checked
    said: list[Argument] = field(default_factory=list)

    def add(self, side: int, completion: Completion) -> None:
        """Adds a turn. A turn that was cut off is kept as far as it goes, an empty one as `(no argument)`."""
        text, verified, unverified = completion.text.strip() or "(no argument)", 0, 0
        if self.quotes:
            text, verified, unverified = mark_quotes(text, self.passage)
        truncated = not ended_normally(completion.finish_reason)
        self.said.append(
            Argument(side=side, text=text, verified=verified, unverified=unverified, truncated=truncated)
        )

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return [argument.text for argument in self.said]

    @property
    def truncated(self) -> int:
        """How many arguments were cut off."""
        return sum(argument.truncated for argument in self.said)

    def over(self, word_limit: int) -> int:
        """Returns how many arguments have more words than allowed."""
        return sum(words > word_limit for words in _words(self.said))

    def to_json(self, side: int) -> dict[str, Any]:
        """Returns words, and verified and unverified quotations, of each turn of one side."""
        turns = [argument for argument in self.said if argument.side == side]
        values: dict[str, Any] = {"words": _words(turns)}
        if self.quotes:
            values["verified_quotes"] = [argument.verified for argument in turns]
            values["unverified_quotes"] = [argument.unverified for argument in turns]
        return values


def _words(arguments: Sequence[Argument]) -> list[int]:
    return [len(argument.text.split()) for argument in arguments]
