"""Votes and shares of one round. None of them depends on the order of the agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from math import fsum

from .turns import Turn

Measure = Callable[[Sequence[Turn]], float | None]


def agents_right(turns: Sequence[Turn]) -> float | None:
    """Returns the share of right answers; None if none has a score."""
    return _mean([float(turn.right) for turn in turns if turn.right is not None])


def majority_right(turns: Sequence[Turn]) -> float | None:
    """Returns whether the most frequent answer is right; None if unknown.

    If k answers tie, it is the chance that one of them, chosen at random, is right. Unreadable
    answers do not vote; if nothing is readable, nothing is right: 0. If the scorer names no answers, the
    majority is known only if all agents are right, or none is.
    """
    leaders = leading([turn.answer for turn in turns])
    if not leaders:
        verdicts = {turn.right for turn in turns}
        return float(verdicts == {True}) if verdicts in ({True}, {False}) else None
    rights = [answer_right(turns, answer) for answer in leaders]
    known = [right for right in rights if right is not None]
    return fsum(known) / len(rights) if len(known) == len(rights) else None


def any_right(turns: Sequence[Turn]) -> float | None:
    """Returns 1 if at least one agent is right (the oracle bound), 0 if none is; None if unknown."""
    rights = [turn.right for turn in turns]
    return 1.0 if True in rights else None if None in rights or not rights else 0.0


def all_right(turns: Sequence[Turn]) -> float | None:
    """Returns 1 if every agent is right, else 0; None if unknown."""
    rights = [turn.right for turn in turns]
    return 0.0 if False in rights else None if None in rights or not rights else 1.0


def agreement(turns: Sequence[Turn]) -> float | None:
    """Returns the share of pairs of agents with readable answers that are equal; None without a pair."""
    answers = [turn.answer for turn in turns if turn.answer is not None]
    return _mean([float(one == other) for one, other in combinations(answers, 2)])


def consensus(turns: Sequence[Turn]) -> float | None:
    """Returns 1 if all of two or more agents give the same readable answer, else 0; None for one agent."""
    answers = {turn.answer for turn in turns}
    return None if len(turns) < 2 else float(len(answers) == 1 and None not in answers)


def unreadable(turns: Sequence[Turn]) -> float | None:
    """Returns the share of unreadable answers; None without a turn."""
    return _mean([float(not turn.readable) for turn in turns])


def leading(answers: Sequence[str | None]) -> list[str]:
    """Returns the most frequent answers, several if they tie, in order of appearance; None does not vote."""
    counts = Counter(answer for answer in answers if answer is not None)
    highest = max(counts.values(), default=0)
    return [answer for answer, votes in counts.items() if votes == highest]


def answer_right(turns: Sequence[Turn], answer: str | None) -> float | None:
    """Returns whether an answer is right, as its turns were scored: their mean if they differ; None if unknown."""
    return _mean([float(turn.right) for turn in turns if turn.answer == answer and turn.right is not None])


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None
