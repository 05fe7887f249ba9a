"""What an agent read before it answered again, and what it then answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from .turns import Debate, Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One agent from an answer to its next one, with the last answers of those that it read in between."""

    debate: Debate
    before: Turn
    after: Turn
    read: Mapping[str, Turn]  # agent → its last turn just before; not this agent's own

    @property
    def disputed(self) -> bool:
        """Whether the agent had a readable answer and read another one."""
        own = self.before.answer
        return own is not None and any(turn.answer not in (None, own) for turn in self.read.values())

    @property
    def kept(self) -> bool:
        """Whether the agent gave the same readable answer again."""
        return self.before.answer is not None and self.after.answer == self.before.answer


def exchanges_of(debate: Debate) -> Iterator[Exchange]:
    """Every exchange of a debate, by agent and round.

    What an agent read are the last answers in the debate's previous round; if the agents of a round
    speak in turn (`sequential`), also those before its own in the same round.
    """
    for agent in debate.agents:
        turns = [turn for of_round in debate.rounds for turn in of_round if turn.agent == agent]
        for before, after in pairwise(turns):
            yield Exchange(debate=debate, before=before, after=after, read=_read(debate, after))


def _read(debate: Debate, turn: Turn) -> dict[str, Turn]:
    at = debate.numbers.index(turn.round)
    heard = list(debate.rounds[at - 1])
    if debate.sequential:
        heard += [other for other in debate.rounds[at] if 0 <= other.position < turn.position]
    readers = None if debate.reads is None else debate.reads.get(turn.agent, frozenset())
    return {
        other.agent: other
        for other in heard
        if other.agent != turn.agent and (readers is None or other.agent in readers)
    }
