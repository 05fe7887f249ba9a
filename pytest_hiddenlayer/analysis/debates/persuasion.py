"""Who persuades whom.

A reader was persuaded by a source if it changed to the answer that the source, which it read, held
just before. If several sources held that answer, each persuaded it: a pair is counted, not a cause.
An opportunity is a readable answer of a source that differs from the reader's readable answer.

An agent that answers a question again, without reading, sometimes lands on the source's answer too.
How often is estimated from the first answers of the other agents in the same debate: were all
answers independent draws of one distribution, as many of them would equal the source's answer as
of the reader's next answers. Agents that keep to their answers land there less often. If agents
speak in turn, first answers are not independent, and the chance is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from ...stats.estimate.mean_interval import Estimate, estimate
from .exchanges import Exchange, exchanges_of
from .question_means import Difference, difference
from .turns import Debate, in_order


@dataclass(frozen=True, kw_only=True, slots=True)
class Influence:
    """One source on one reader; both are `all` in the total."""

    source: str
    reader: str
    opportunities: int
    persuaded: int
    rate: Estimate  # persuaded per opportunity; opportunities of a question, or of its group, are a cluster
    chance: float | None  # share of the other agents' first answers that equal the source's; None: no other agent
    excess: Difference  # rate minus chance, over the opportunities with other agents
    wrong_right: int  # of persuaded
    right_wrong: int
    wrong_wrong: int
    unknown: int  # of persuaded: one of the two answers has no score


@dataclass(frozen=True, kw_only=True, slots=True)
class Persuasion:
    """The influence of agents, and of models if several take part."""

    total: Influence
    agents: tuple[Influence, ...]  # by source, then reader, as `in_order`
    models: tuple[Influence, ...]  # empty if all agents are one model
    followed: int  # exchanges in which the agent changed to an answer that it read
    invented: int  # exchanges in which it changed to a readable answer that it did not read


class _Opportunity(NamedTuple):
    source: str
    reader: str
    persuaded: bool
    kind: str  # wrong_right, right_wrong, wrong_wrong or unknown
    cluster: str
    chance: float | None


def persuasion_of(debates: Sequence[Debate]) -> Persuasion:
    """Returns who persuaded whom over all debates of a cell."""
    exchanges = [exchange for debate in debates for exchange in exchanges_of(debate)]
    pairs = [one for exchange in exchanges for one in _opportunities(exchange)]
    models = [one for exchange in exchanges for one in _by_model(exchange)]
    changed = [e for e in exchanges if e.before.answer is not None and e.after.answer is not None and not e.kept]
    followed = sum(any(turn.answer == e.after.answer for turn in e.read.values()) for e in changed)
    agents = in_order(agent for debate in debates for agent in debate.agents)
    names = list(dict.fromkeys(model for debate in debates for model in debate.models.values()))
    return Persuasion(
        total=_influence("all", "all", pairs),
        agents=_matrix(agents, pairs),
        models=_matrix(names, models) if len({one.source for one in models} | {o.reader for o in models}) > 1 else (),
        followed=followed,
        invented=len(changed) - followed,
    )


def _opportunities(exchange: Exchange) -> Iterator[_Opportunity]:
    own, now = exchange.before, exchange.after
    if own.answer is None:
        return
    for agent, turn in exchange.read.items():
        if turn.answer not in (None, own.answer):
            persuaded = now.answer == turn.answer
            chance = _chance(exchange.debate, agent, now.agent, turn.answer)
            yield _Opportunity(agent, now.agent, persuaded, _kind(exchange), exchange.debate.cluster, chance)


def _chance(debate: Debate, source: str, reader: str, answer: str | None) -> float | None:
    """The share of the other agents' first answers that equal the source's; None without independent ones."""
    if debate.sequential:
        return None
    others = [turn.answer for turn in debate.rounds[0] if turn.agent not in (source, reader)]
    return others.count(answer) / len(others) if others else None


def _by_model(exchange: Exchange) -> Iterator[_Opportunity]:
    models = exchange.debate.models
    for one in _opportunities(exchange):
        source, reader = models.get(one.source), models.get(one.reader)
        if source and reader:
            yield one._replace(source=source, reader=reader)


def _kind(exchange: Exchange) -> str:
    was, now = exchange.before.right, exchange.after.right
    if was is None or now is None:
        return "unknown"
    return f"{'right' if was else 'wrong'}_{'right' if now else 'wrong'}"


def _matrix(names: Sequence[str], pairs: Iterable[_Opportunity]) -> tuple[Influence, ...]:
    cells: dict[tuple[str, str], list[_Opportunity]] = {}
    for one in pairs:
        cells.setdefault((one.source, one.reader), []).append(one)
    return tuple(
        _influence(source, reader, cells[source, reader])
        for source in names
        for reader in names
        if (source, reader) in cells
    )


def _influence(source: str, reader: str, pairs: Sequence[_Opportunity]) -> Influence:
    kinds = [one.kind for one in pairs if one.persuaded]
    known = [(float(one.persuaded), one.chance, one.cluster) for one in pairs if one.chance is not None]
    return Influence(
        source=source,
        reader=reader,
        opportunities=len(pairs),
        persuaded=len(kinds),
        rate=estimate([float(one.persuaded) for one in pairs], [one.cluster for one in pairs]),
        chance=fsum(chance for _, chance, _ in known) / len(known) if known else None,
        excess=difference([did - chance for did, chance, _ in known], [cluster for _, _, cluster in known]),
        wrong_right=kinds.count("wrong_right"),
        right_wrong=kinds.count("right_wrong"),
        wrong_wrong=kinds.count("wrong_wrong"),
        unknown=kinds.count("unknown"),
    )
