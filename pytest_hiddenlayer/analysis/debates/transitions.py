"""Answers that became right, wrong, unreadable or readable, by round and over all rounds.

A change is from an agent's answer to its next one. An unreadable answer is not right, so that an
answer that becomes readable and right is also counted as wrong → right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from .exchanges import Exchange, exchanges_of
from .turns import Debate


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """The changes into one round, or into all rounds; answers of a question, or of its group, are a cluster."""

    after: int | None  # round; None: all
    n: int  # answers with an earlier answer of the same agent
    changed: Estimate  # share of readable answers that differ from a readable one before
    appeared: int  # readable after an unreadable one
    vanished: int  # unreadable after a readable one
    scored: int  # changes whose both answers are known to be right or not; the counts below are of these
    wrong_right: int
    right_wrong: int
    stayed_right: int
    stayed_wrong: int
    appeared_right: int  # of wrong_right: unreadable before
    vanished_right: int  # of right_wrong: unreadable after
    gained: Estimate  # share of the scored changes that became right
    lost: Estimate  # share of the scored changes that became wrong
    net: PairedTest | None  # right answers after against before: exact McNemar or sign-flip over clusters


def transitions_of(debates: Sequence[Debate]) -> list[Transition]:
    """Returns the changes into each round, in order, then those into all rounds; empty if nobody speaks twice."""
    exchanges = [exchange for debate in debates for exchange in exchanges_of(debate)]
    numbers = sorted({exchange.after.round for exchange in exchanges})
    by_round = [_count(number, [e for e in exchanges if e.after.round == number]) for number in numbers]
    return [*by_round, *([_count(None, exchanges)] if exchanges else [])]


def _count(after: int | None, exchanges: Sequence[Exchange]) -> Transition:
    readable = [e for e in exchanges if e.before.answer is not None and e.after.answer is not None]
    scored = [e for e in exchanges if e.before.right is not None and e.after.right is not None]
    gained = [e for e in scored if e.after.right and not e.before.right]
    lost = [e for e in scored if e.before.right and not e.after.right]
    clusters = [e.debate.cluster for e in scored]
    was, now = [float(bool(e.before.right)) for e in scored], [float(bool(e.after.right)) for e in scored]
    pairs = list(zip(was, now, strict=True))
    return Transition(
        after=after,
        n=len(exchanges),
        changed=estimate([float(not e.kept) for e in readable], [e.debate.cluster for e in readable]),
        appeared=sum(not e.before.readable and e.after.readable for e in exchanges),
        vanished=sum(e.before.readable and not e.after.readable for e in exchanges),
        scored=len(scored),
        wrong_right=len(gained),
        right_wrong=len(lost),
        stayed_right=pairs.count((1.0, 1.0)),
        stayed_wrong=pairs.count((0.0, 0.0)),
        appeared_right=sum(not e.before.readable for e in gained),
        vanished_right=sum(not e.after.readable for e in lost),
        gained=estimate([float(now > was) for was, now in pairs], clusters),
        lost=estimate([float(was > now) for was, now in pairs], clusters),
        net=compare_pairs(was, now, clusters) if pairs else None,
    )
