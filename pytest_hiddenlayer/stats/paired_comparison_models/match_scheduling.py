"""Who plays whom next: a round robin, or the pairs whose games tell most.

Active selection is greedy D-optimal design. With p the model's chance that i beats j and v the
variance of the difference of their abilities, one more game multiplies the determinant of the
Fisher information by 1 + p (1 - p) v, so that log(1 + p (1 - p) v) / 2 is what it is expected
to take off the entropy of the abilities: Fedorov 1972, "Theory of Optimal Experiments"; Glickman
& Jensen 2005, "Adaptive paired comparison design", Journal of Statistical Planning and Inference
127. Games between equals (p near 1/2) that met seldom, also by way of others (v large), come
first. Chiang et al. 2024 (arXiv:2403.04132) weigh pairs by the variance of their own
win rate instead, which knows nothing of common opponents.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .bradley_terry import covariance_of, maximise, with_prior
from .win_counts import Game, win_counts

if TYPE_CHECKING:
    from .win_counts import Counts

Pair: TypeAlias = tuple[str, str]
S = TypeVar("S", bound=Hashable)

_PRIOR = 1.0
"""Pseudo-games a player while pairs are chosen: there is a best pair before the first game, too."""


def round_robin(players: Sequence[str]) -> list[list[Pair]]:
    """Rounds in which everybody plays at most once; over all rounds every pair meets once (the circle method)."""
    circle: list[str | None] = [*players, None] if len(players) % 2 else [*players]
    half = len(circle) // 2
    rounds = []
    for _ in range(len(circle) - 1):
        pairs = zip(circle[:half], reversed(circle[half:]), strict=True)
        rounds.append([(a, b) for a, b in pairs if a is not None and b is not None])
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return rounds


def schedule(samples: Mapping[Pair, Sequence[S]], *, seed: int = 0) -> list[tuple[Pair, S]]:
    """Every game once: round after round of a round robin, so that any beginning of it is balanced.

    `samples` has the samples that both of a pair answered. Each pair goes through its samples
    in a seeded order of its own, so that a beginning covers many different samples.
    """
    players = sorted({name for pair in samples for name in pair})
    given = {frozenset(pair): pair for pair in samples}
    rounds = [given[key] for one in round_robin(players) for key in map(frozenset, one) if key in given]
    queues = {pair: shuffled(samples[pair], pair, seed) for pair in rounds}
    longest = max((len(queue) for queue in queues.values()), default=0)
    return [(pair, queues[pair][turn]) for turn in range(longest) for pair in rounds if turn < len(queues[pair])]


def shuffled(samples: Sequence[S], pair: Pair, seed: int) -> list[S]:
    """The samples in the order in which this pair plays them; the same for a pair and seed everywhere."""
    import random

    found = list(samples)
    random.Random(f"{seed}/{min(pair)}/{max(pair)}").shuffle(found)
    return found


def next_pairs(games: Iterable[Game], open_games: Mapping[Pair, int], n: int, *, seed: int = 0) -> list[Pair]:
    """The next `n` games by greatest expected information; fewer where fewer are open.

    `open_games` has how many games each pair could still play. After each choice the variances
    are those with that game played, so that the games of one batch do not repeat one another.
    Pairs that tell equally much are taken in an order that `seed` gives.
    """
    import numpy as np

    left = {pair: count for pair, count in open_games.items() if count > 0}
    players = sorted({name for pair in open_games for name in pair})
    if not left:
        return []
    place = {name: at for at, name in enumerate(players)}
    chance, covariance = _state(win_counts((g for g in games if g[0] in place and g[1] in place), players))
    pairs = _mixed(sorted(left), seed)
    chosen: list[Pair] = []
    while left and len(chosen) < n:
        pair = max((p for p in pairs if p in left), key=lambda p: _gain(chance, covariance, place[p[0]], place[p[1]]))
        chosen.append(pair)
        left[pair] -= 1
        if not left[pair]:
            del left[pair]
        i, j = place[pair[0]], place[pair[1]]
        moved = covariance[:, i] - covariance[:, j]  # Sherman–Morrison: the covariance with this game played
        weight = chance[i, j] * chance[j, i]
        covariance = covariance - weight / (1 + weight * (moved[i] - moved[j])) * np.outer(moved, moved)
    return chosen


def _state(counts: Counts) -> tuple[Counts, Counts]:
    """(chances that i beats j, covariance of the abilities) by the regularised estimate."""
    import numpy as np

    whole = with_prior(counts, _PRIOR)
    values, _, _ = maximise(whole)
    return 1 / (1 + np.exp(-(values[:, None] - values[None, :]))), covariance_of(whole, values)


def _gain(chance: Counts, covariance: Counts, i: int, j: int) -> float:
    """Expected information of one more game, in nats, to 12 digits: equal pairs stay equal."""
    variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
    return round(math.log1p(float(chance[i, j] * chance[j, i] * variance)) / 2, 12)


def _mixed(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    import random

    found = list(pairs)
    random.Random(seed).shuffle(found)
    return found
