"""Elo ratings, for those who ask: from Bradley–Terry abilities, or game by game.

Elo 1978, "The Rating of Chessplayers, Past and Present": a player 400 points ahead wins ten
games to one, so that ability (log-odds) times 400 / ln 10 is a difference in Elo. Chiang et al.
2024, "Chatbot Arena" (arXiv:2403.04132), put Bradley–Terry estimates on this scale, since a
sequence of updates depends on the order of the games though models do not change between them.
Both are here; the first is the estimate, the second is what Elo's own rule gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .win_counts import Game, check_games, players_of

POINTS = 400 / math.log(10)
"""Elo points of one unit of log-odds."""
BASE = 1000.0
"""The mean of all ratings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EloRatings:
    """Elo's updates, averaged over random orders of the games."""

    players: tuple[str, ...]
    ratings: tuple[float, ...]  # mean over the orders; their mean is 1000
    spread: tuple[float, ...]  # standard deviation over the orders: how much the order alone matters
    k: float  # points at stake in a game
    orders: int
    seed: int


def elo_scale(ability: float) -> float:
    """A centred ability (log-odds) as an Elo rating with mean 1000."""
    return BASE + POINTS * ability


def elo(games: Sequence[Game], *, k: float = 16.0, orders: int = 200, seed: int = 0) -> EloRatings:
    """Ratings after all games, from 1000 each: R += k (score - expected), in `orders` random orders.

    `k` is the number of points at stake in a game; the smaller it is, the nearer few games leave
    everybody to 1000. Raises ValueError for games that are none, and for k or orders not above 0.
    """
    import numpy as np

    check_games(games)
    if not (math.isfinite(k) and k > 0) or orders < 1:
        raise ValueError(f"k={k!r}, orders={orders!r}: both must be above 0")
    players = players_of(games)
    place = {name: at for at, name in enumerate(players)}
    first, second, score = (np.array(column) for column in zip(*games, strict=True))
    one, other = (np.array([place[name] for name in names]) for names in (first, second))
    random = np.random.default_rng(seed)
    order = np.stack([random.permutation(len(games)) for _ in range(orders)])
    ratings = np.full((orders, len(players)), BASE)
    rows = np.arange(orders)
    for turn in order.T:  # the t-th game of every order at once
        a, b = one[turn], other[turn]
        expected = 1 / (1 + 10 ** ((ratings[rows, b] - ratings[rows, a]) / 400))
        change = k * (score[turn] - expected)
        ratings[rows, a] += change
        ratings[rows, b] -= change
    return EloRatings(
        players=players,
        ratings=tuple(map(float, ratings.mean(0))),
        spread=tuple(map(float, ratings.std(0, ddof=1))) if orders > 1 else (0.0,) * len(players),
        k=k,
        orders=orders,
        seed=seed,
    )
