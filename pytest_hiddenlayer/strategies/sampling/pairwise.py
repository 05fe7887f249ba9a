"""Compares candidates in pairs, each pair in both orders: by knock-out, or every pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ...concurrency import gather_or_cancel
from ...protocols import Context
from ...types import GenerationConfig
from ..messages import request
from .candidates import Candidate
from .replies import read_pick


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The result of comparing candidates."""

    winner: Candidate | None  # None: there is none, or no comparison could be read
    comparisons: Sequence[Mapping[str, Any]] = field(default_factory=list)  # per reply: round, shown, choice
    ties: int = 0  # decisions for the candidate seen first, because both had as many votes
    reply: str = ""  # one that could not be read


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    round: int
    shown: tuple[Candidate, Candidate]
    choice: Candidate | None
    text: str

    def to_json(self) -> dict[str, Any]:
        numbers = [candidate.number for candidate in self.shown]
        return {"round": self.round, "shown": numbers, "choice": self.choice.number if self.choice else None}


async def knockout(context: Context, candidates: Sequence[Candidate], selector: str) -> Selection:
    """Returns the winner of a knock-out: neighbours are compared, winners go on; an odd last one has a bye."""
    left, round, ties = list(candidates), 0, 0
    replies: list[_Reply] = []
    while len(left) > 1:
        round += 1
        pairs = list(zip(left[::2], left[1::2], strict=False))
        answers = await _compare(context, pairs, selector, round)
        replies += answers
        winners = []
        for pair in pairs:
            votes = _votes(answers, pair)
            if not votes:
                unread = next(reply.text for reply in answers if set(_numbers(reply)) == {c.number for c in pair})
                return Selection(winner=None, comparisons=_json(replies), ties=ties, reply=unread)
            first, second = (votes[candidate.number] for candidate in pair)
            ties += first == second
            winners.append(pair[0] if first >= second else pair[1])
        left = winners + left[2 * len(pairs) :]
    return Selection(winner=left[0], comparisons=_json(replies), ties=ties)


async def round_robin(context: Context, candidates: Sequence[Candidate], selector: str) -> Selection:
    """Returns the candidate that is preferred most often when every pair is compared."""
    replies = await _compare(context, list(combinations(candidates, 2)), selector, 1)
    votes = _votes(replies, candidates)
    if not votes:
        return Selection(winner=None, comparisons=_json(replies), reply=replies[0].text)
    most = max(votes.values())
    first = next(candidate for candidate in candidates if votes[candidate.number] == most)
    tie = list(votes.values()).count(most) > 1
    return Selection(winner=first, comparisons=_json(replies), ties=int(tie))


async def _compare(
    context: Context, pairs: Sequence[tuple[Candidate, Candidate]], selector: str, round: int
) -> list[_Reply]:
    """Every pair in both orders, at once."""
    orders = [order for pair in pairs for order in (pair, pair[::-1])]
    return await gather_or_cancel(_ask(context, first, second, selector, round) for first, second in orders)


async def _ask(context: Context, first: Candidate, second: Candidate, selector: str, round: int) -> _Reply:
    text = context.render(
        "generative_selection/select", model=selector, task=context.prompt, responses=[first.text, second.text]
    )
    reply = await context.ask(
        request(context, text),
        role=f"selector-{first.number}-{second.number}",
        round=round,
        model=selector,
        defaults=GenerationConfig(temperature=0.0),
    )
    choice = read_pick(context, reply, (first, second))
    return _Reply(round=round, shown=(first, second), choice=choice, text=reply.text)


def _votes(replies: Sequence[_Reply], candidates: Sequence[Candidate]) -> Counter[int]:
    """Number of a candidate → replies that prefer it, of those that compare two of `candidates`."""
    numbers = {candidate.number for candidate in candidates}
    return Counter(
        reply.choice.number for reply in replies if reply.choice is not None and set(_numbers(reply)) <= numbers
    )


def _numbers(reply: _Reply) -> list[int]:
    return [candidate.number for candidate in reply.shown]


def _json(replies: Sequence[_Reply]) -> list[dict[str, Any]]:
    return [reply.to_json() for reply in replies]
