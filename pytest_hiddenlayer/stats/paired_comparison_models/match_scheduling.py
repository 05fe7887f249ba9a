"""Which games to play next: a round robin, or the games with the most expected information.

Active selection is greedy D-optimal design. With p the model's chance that i beats j and v the
variance of the difference of their abilities, one more game multiplies the determinant of the
Fisher information by 1 + p (1 - p) v. It is therefore expected to reduce the entropy of the
abilities by log(1 + p (1 - p) v) / 2: Fedorov 1972, "Theory of Optimal Experiments"; Glickman
& Jensen 2005, "Adaptive paired comparison design", Journal of Statistical Planning and Inference
127. Games between equal players (p near 1/2) that rarely met, directly or through common
opponents (v large), come first. Chiang et al. 2024 (arXiv:2403.04132) weight pairs by the
variance of their own win rate instead, which ignores common opponents.
"""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from .bradley_terry import covariance_of, maximise, with_prior
from .win_counts import Counts, Game, win_counts

Pair: TypeAlias = tuple[str, str]
S = TypeVar("S", bound=Hashable)

_PRIOR = 1.0
"""Pseudo-games per player while pairs are chosen, so that pairs can be ranked before the first game."""


def round_robin(players: Sequence[str]) -> list[list[Pair]]:
    """Rounds in which each player plays at most once; over all rounds every pair meets once (the circle method)."""
    circle: list[str | None] = [*players, None] if len(players) % 2 else [*players]
    half = len(circle) // 2
    rounds = []
    for _ in range(len(circle) - 1):
        pairs = zip(circle[:half], reversed(circle[half:]), strict=True)
        rounds.append([(a, b) for a, b in pairs if a is not None and b is not None])
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return rounds


def schedule(samples: Mapping[Pair, Sequence[S]], *, seed: int = 0) -> list[tuple[Pair, S]]:
    """Every game once, in rounds of a round robin, so that the first games of any number are balanced.

    `samples` has the samples that both players of a pair answered. Each pair plays its samples in
    its own seeded order, so that the first games cover many different samples.
    """
    players = sorted({name for pair in samples for name in pair})
    pairs = {frozenset(pair): pair for pair in samples}
    ordered = [pairs[key] for matches in round_robin(players) for key in map(frozenset, matches) if key in pairs]
    queues = {pair: shuffled(samples[pair], pair, seed) for pair in ordered}
    longest = max((len(queue) for queue in queues.values()), default=0)
    return [(pair, queues[pair][turn]) for turn in range(longest) for pair in ordered if turn < len(queues[pair])]


def shuffled(samples: Sequence[S], pair: Pair, seed: int) -> list[S]:
    """The samples in the order in which this pair plays them; it depends on the pair and the seed only."""
    order = list(samples)
    random.Random(f"{seed}/{min(pair)}/{max(pair)}").shuffle(order)
    return order


def next_pairs(games: Iterable[Game], open_games: Mapping[Pair, int], n: int, *, seed: int = 0) -> list[Pair]:
    """The next `n` games by expected information, most informative first; fewer if fewer are open.

    `open_games` has the number of games that each pair can still play. Variances are updated
    after each choice as if the game was played, so that one batch does not repeat similar games.
    The order of equally informative pairs depends on `seed`.
    """
    remaining = {pair: count for pair, count in open_games.items() if count > 0}
    players = sorted({name for pair in open_games for name in pair})
    if not remaining:
        return []
    index = {name: position for position, name in enumerate(players)}
    chance, covariance = _state(win_counts((g for g in games if g[0] in index and g[1] in index), players))
    pairs = _shuffled_pairs(sorted(remaining), seed)
    chosen: list[Pair] = []
    while remaining and len(chosen) < n:
        candidates = (p for p in pairs if p in remaining)
        pair = max(candidates, key=lambda p: _gain(chance, covariance, index[p[0]], index[p[1]]))
        chosen.append(pair)
        remaining[pair] -= 1
        if not remaining[pair]:
            del remaining[pair]
        covariance = _after_game(chance, covariance, index[pair[0]], index[pair[1]])
    return chosen


def _after_game(chance: Counts, covariance: Counts, i: int, j: int) -> Counts:
    """The covariance if i and j play one more game, by the Sherman–Morrison formula."""
    column = covariance[:, i] - covariance[:, j]
    weight = chance[i, j] * chance[j, i]
    updated: Counts = covariance - weight / (1 + weight * (column[i] - column[j])) * np.outer(column, column)
    return updated


def _state(counts: Counts) -> tuple[Counts, Counts]:
    """(probabilities that i beats j, covariance of the abilities) of the regularised estimate."""
    regularised = with_prior(counts, _PRIOR)
    values, _, _ = maximise(regularised)
    return 1 / (1 + np.exp(-(values[:, None] - values[None, :]))), covariance_of(regularised, values)


def _gain(chance: Counts, covariance: Counts, i: int, j: int) -> float:
    """The expected information of one more game, in nats, rounded to 12 digits so that equal pairs stay equal."""
    variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
    return round(math.log1p(float(chance[i, j] * chance[j, i] * variance)) / 2, 12)


def _shuffled_pairs(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    order = list(pairs)
    random.Random(seed).shuffle(order)
    return order
