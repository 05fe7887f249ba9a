"""Right answers by round: of the agents, their majority, any of them and all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...stats.estimate.mean_interval import Estimate
from . import tally
from .question_means import question_estimate
from .turns import Debate

MEASURES: Mapping[str, tally.Measure] = {
    "agents": tally.agents_right,
    "majority": tally.majority_right,
    "any": tally.any_right,
    "all": tally.all_right,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundAccuracy:
    """One round of a cell; every estimate is over questions, the mean over their epochs."""

    round: int
    debating: int  # debates with an answer in this round
    stopped: int  # debates that ended before it
    of_debating: Mapping[str, Estimate]  # by measure; without the debates that ended before it
    carried: Mapping[str, Estimate]  # by measure; a debate that ended keeps its last answers
    agreement: Estimate  # of those still debating: equal pairs of readable answers
    consensus: Estimate  # the share in which all agents give one answer
    unreadable: Estimate  # the share of answers


def accuracy_by_round(debates: Sequence[Debate]) -> list[RoundAccuracy]:
    """Returns every round of the debates, in order."""
    numbers = sorted({number for debate in debates for number in debate.numbers})
    return [_accuracy(debates, number) for number in numbers]


def _accuracy(debates: Sequence[Debate], number: int) -> RoundAccuracy:
    debating = [debate for debate in debates if number in debate.numbers]
    return RoundAccuracy(
        round=number,
        debating=len(debating),
        stopped=sum(debate.numbers[-1] < number for debate in debates),
        of_debating={name: _estimate(debating, number, measure) for name, measure in MEASURES.items()},
        carried={name: _estimate(debates, number, measure) for name, measure in MEASURES.items()},
        agreement=_estimate(debating, number, tally.agreement),
        consensus=_estimate(debating, number, tally.consensus),
        unreadable=_estimate(debating, number, tally.unreadable),
    )


def _estimate(debates: Sequence[Debate], number: int, measure: tally.Measure) -> Estimate:
    return question_estimate(debates, lambda debate: value_at(debate, number, measure))


def value_at(debate: Debate, number: int, measure: Any) -> float | None:
    """Returns a measure of the debate's last round up to `number`; None if there is none."""
    turns = debate.turns_at(number)
    value: float | None = measure(turns) if turns else None
    return value
