"""What each agent contributes: its accuracy, its stubbornness, and what the majority loses without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...stats.estimate.mean_interval import Estimate, estimate
from . import tally
from .exchanges import Exchange, exchanges_of
from .question_means import Difference, difference, question_estimate, question_values
from .turns import Debate, Turn, in_order


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentFigures:
    """One agent over the debates of a cell."""

    agent: str
    models: tuple[str, ...]  # empty: unknown
    debates: int  # in which it spoke
    first: Estimate  # share of its first answers that are right, over questions
    last: Estimate  # share of its last answers that are right
    kept: Estimate  # stubbornness: share of answers kept after it read another one; clustered by question
    kept_right: Estimate  # the same, of right answers
    kept_wrong: Estimate  # the same, of wrong answers
    importance: Difference  # accuracy of the last round's majority minus that without this agent
    agrees_with_final: Estimate  # share of its last answers that equal the strategy's answer


def agents_of(debates: Sequence[Debate]) -> list[AgentFigures]:
    """Returns every agent, by number or in the order in which agents first speak."""
    names = in_order(agent for debate in debates for agent in debate.agents)
    return [_figures(name, [debate for debate in debates if name in debate.agents]) for name in names]


def _figures(agent: str, debates: Sequence[Debate]) -> AgentFigures:
    disputed = [
        exchange
        for debate in debates
        for exchange in exchanges_of(debate)
        if exchange.after.agent == agent and exchange.disputed
    ]
    return AgentFigures(
        agent=agent,
        models=tuple(dict.fromkeys(model for debate in debates if (model := debate.models.get(agent)))),
        debates=len(debates),
        first=question_estimate(debates, lambda debate: _right(_turns(debate, agent)[0])),
        last=question_estimate(debates, lambda debate: _right(_turns(debate, agent)[-1])),
        kept=_kept(disputed),
        kept_right=_kept([exchange for exchange in disputed if exchange.before.right is True]),
        kept_wrong=_kept([exchange for exchange in disputed if exchange.before.right is False]),
        importance=_importance(agent, debates),
        agrees_with_final=question_estimate(debates, lambda debate: _agrees(debate, agent)),
    )


def _kept(exchanges: Sequence[Exchange]) -> Estimate:
    return estimate([float(exchange.kept) for exchange in exchanges], [e.debate.cluster for e in exchanges])


def _importance(agent: str, debates: Sequence[Debate]) -> Difference:
    rows, groups = question_values(debates, lambda debate: _contribution(debate.rounds[-1], agent))
    return difference([row[0] for row in rows], groups)


def _contribution(turns: Sequence[Turn], agent: str) -> float | None:
    """The majority's score minus that without the agent; None if it did not speak, or spoke alone."""
    others = [turn for turn in turns if turn.agent != agent]
    if len(others) == len(turns) or not others:
        return None
    whole, without = tally.majority_right(turns), tally.majority_right(others)
    return None if whole is None or without is None else whole - without


def _turns(debate: Debate, agent: str) -> list[Turn]:
    return [turn for of_round in debate.rounds for turn in of_round if turn.agent == agent]


def _right(turn: Turn) -> float | None:
    return None if turn.right is None else float(turn.right)


def _agrees(debate: Debate, agent: str) -> float | None:
    last = _turns(debate, agent)[-1].answer
    return None if last is None or debate.answer is None else float(last == debate.answer)
