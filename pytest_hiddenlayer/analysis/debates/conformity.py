"""How often agents follow the majority that they read, by its size, and by whether it was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ...stats.estimate.mean_interval import Estimate, estimate
from . import tally
from .exchanges import Exchange, exchanges_of
from .turns import Debate

Verdict = Literal["right", "wrong", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conformity:
    """Agents that read a majority against their own answer. Answers of a question are a cluster.

    The majority is the one most frequent answer among those that the agent read; without one, as
    after a tie, there is nothing to follow.
    """

    size: int | None  # agents with the majority's answer; None: all sizes
    majority: Verdict | None  # whether the majority is right; None: all
    n: int  # times that an agent disagreed with the majority it read
    conformed: Estimate  # share that changed to the majority's answer
    kept: Estimate  # share that kept its own answer (independence)
    other: Estimate  # share that gave a third answer, or an unreadable one


class _Facing(NamedTuple):
    """One agent against the majority that it read."""

    size: int
    majority: Verdict
    did: Literal["conformed", "kept", "other"]
    cluster: str


def conformity_of(debates: Sequence[Debate]) -> list[Conformity]:
    """Returns the total, each kind of majority, and each size with each kind; empty if nobody disagreed."""
    facing = [one for debate in debates for exchange in exchanges_of(debate) if (one := facing_majority(exchange))]
    if not facing:
        return []
    kinds = [kind for kind in ("right", "wrong", "unknown") if any(one.majority == kind for one in facing)]
    sizes = sorted({one.size for one in facing})
    rows: list[tuple[int | None, str | None]] = [(None, None)]
    rows += [(None, kind) for kind in kinds]
    rows += [(size, kind) for size in sizes for kind in (None, *kinds)]
    counted = [_count(size, kind, facing) for size, kind in rows]
    return [row for row in counted if row.n]


def facing_majority(exchange: Exchange) -> _Facing | None:
    """Returns what an agent did against the majority that it read; None if it read none, or agreed."""
    own, read = exchange.before.answer, list(exchange.read.values())
    leaders = tally.leading([turn.answer for turn in read])
    if own is None or len(leaders) != 1 or leaders[0] == own:
        return None
    answer = leaders[0]
    right = tally.answer_right(read, answer)
    return _Facing(
        size=sum(turn.answer == answer for turn in read),
        majority="unknown" if right is None else "right" if right >= 0.5 else "wrong",
        did="conformed" if exchange.after.answer == answer else "kept" if exchange.kept else "other",
        cluster=exchange.debate.cluster,
    )


def _count(size: int | None, kind: str | None, facing: Sequence[_Facing]) -> Conformity:
    chosen = [one for one in facing if size in (None, one.size) and kind in (None, one.majority)]
    clusters = [one.cluster for one in chosen]

    def share(did: str) -> Estimate:
        return estimate([float(one.did == did) for one in chosen], clusters)

    return Conformity(
        size=size,
        majority=chosen[0].majority if kind and chosen else None,
        n=len(chosen),
        conformed=share("conformed"),
        kept=share("kept"),
        other=share("other"),
    )
