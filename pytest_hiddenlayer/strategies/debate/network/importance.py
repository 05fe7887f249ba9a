"""How much each agent contributed to a result, by the ratings that agents gave each other.

Liu et al. 2023, "A Dynamic LLM-Powered Agent Network for Task-Oriented Agent Collaboration" (DyLAN),
arXiv:2310.02170, section 3.3: the importance of the last round's winners is passed back to the agents that
they read, in proportion to the ratings that they gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Ratings: TypeAlias = Mapping[int, Mapping[int, float] | None]
"""Agent → {agent that it read → rating}; None for an agent whose ratings cannot be read."""


def importance(
    winners: Sequence[int], read: Sequence[Sequence[int]], ratings: Sequence[Ratings]
) -> list[dict[int, float]]:
    """Returns {agent: importance} for each round; the importances of a round sum to 1.

    `winners` are the agents of the last round that gave the result; they share its importance equally.
    `read[r]` are the agents whose replies of round r were read in round r + 1, and `ratings[r]` what the agents of
    round r + 1 gave them. An agent without readable ratings passes its importance on in equal parts.
    """
    rounds = [{agent: 1 / len(winners) for agent in winners}]
    for sources, given in zip(reversed(read), reversed(ratings), strict=True):
        passed: dict[int, float] = {}
        for agent, share in rounds[0].items():
            weights = given.get(agent) or dict.fromkeys(sources, 1.0)
            total = sum(weights.values())
            for source, weight in weights.items():
                passed[source] = passed.get(source, 0.0) + share * weight / total
        rounds.insert(0, passed)
    return rounds
