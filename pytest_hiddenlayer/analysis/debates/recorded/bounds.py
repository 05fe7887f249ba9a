"""What verdicts leave open: bounds on the accuracy by round of recorded debates without the right answers.

If a verdict judges the majority of the last round, one of right names the right answer, and one of
wrong rules an answer out. For each question the accuracy of a round lies between its lowest and
highest value over the answers that remain possible; the bounds are the means of these over
questions (Manski 2003, "Partial Identification of Probability Distributions"). They are no
intervals: they say what the data leave open, not how far chance carries them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from .. import tally, traps
from ..turns import Debate, Turn
from .verdicts import has_gold, possible_answers

Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundBounds:
    """The lowest and highest accuracy of one round, with debates that stopped carried forward."""

    round: int | None  # None: the change from the first round to the last
    questions: int
    agents: Bounds
    majority: Bounds


def accuracy_bounds(debates: Sequence[Debate]) -> list[RoundBounds]:
    """Returns every round, then the change from the first to the last; empty if no verdict is to be judged.

    Of questions whose right answer is unknown and that have a verdict, without those whose verdict is impossible.
    """
    judged = [debate for debate in debates if debate.verdict is not None and not has_gold(debate)]
    numbers = sorted({number for debate in judged for number in debate.numbers})
    by_question: dict[str, list[Debate]] = {}
    for debate in judged:
        by_question.setdefault(debate.sample_id, []).append(debate)
    questions = [
        (epochs, possible)
        for epochs in by_question.values()
        if (possible := possible_answers(traps.HONEST, epochs))
        and all(debate.numbers[0] == numbers[0] for debate in epochs)
    ]
    if not questions:
        return []
    return [
        RoundBounds(
            round=number,
            questions=len(questions),
            agents=_bounds(questions, number, _agents_share),
            majority=_bounds(questions, number, _majority_share),
        )
        for number in (numbers if len(numbers) == 1 else (*numbers, None))
    ]


def _bounds(
    questions: Sequence[tuple[Sequence[Debate], set[object]]],
    number: int | None,
    share: Callable[[Sequence[Turn], object], float],
) -> Bounds:
    def value(debate: Debate, right: object) -> float:
        if number is None:
            return share(debate.rounds[-1], right) - share(debate.rounds[0], right)
        return share(debate.turns_at(number), right)

    lows, highs = [], []
    for epochs, possible in questions:
        found = [fsum(value(debate, right) for debate in epochs) / len(epochs) for right in possible]
        lows.append(min(found))
        highs.append(max(found))
    return fsum(lows) / len(lows), fsum(highs) / len(highs)


def _agents_share(turns: Sequence[Turn], right: object) -> float:
    return sum(turn.answer == right for turn in turns) / len(turns)


def _majority_share(turns: Sequence[Turn], right: object) -> float:
    leaders = tally.leading([turn.answer for turn in turns])
    return (right in leaders) / len(leaders) if leaders else 0.0
