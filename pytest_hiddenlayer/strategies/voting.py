"""Plurality vote over parsed answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """The result of one vote."""

    winner: str | None  # None: there was no answer
    votes: dict[str, int]  # answer → votes, most votes first, ties by first seen
    tie: bool  # another answer has equally many votes, and the winner was seen first

    def to_json(self) -> dict[str, object]:
        """Returns plain JSON values for a record's `answer_metadata`."""
        return {"answer": self.winner, "votes": self.votes, "tie": self.tie}


def plurality(answers: Sequence[str | None]) -> Vote:
    """Returns the vote for the most frequent answer, ties by first seen; None (no answer) does not vote."""
    counts = Counter(answer for answer in answers if answer is not None)
    ranked = counts.most_common()  # stable: equal counts keep the order of first appearance
    if not ranked:
        return Vote(winner=None, votes={}, tie=False)
    return Vote(winner=ranked[0][0], votes=dict(ranked), tie=len(ranked) > 1 and ranked[0][1] == ranked[1][1])
