"""Elo ratings, from Bradley–Terry abilities or by updates after each game.

Elo 1978, "The Rating of Chessplayers, Past and Present": a player 400 points ahead wins ten
games to one, so that an ability (log-odds) times 400 / ln 10 is a difference in Elo. Chiang et
al. 2024, "Chatbot Arena" (arXiv:2403.04132), put Bradley–Terry estimates on this scale, because
updates depend on the order of the games although models do not change between them.
`elo_scale` converts such an estimate; `elo` applies Elo's own update rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .win_counts import Game, check_games, players_of

POINTS = 400 / math.log(10)
"""Elo points per unit of log-odds."""
BASE = 1000.0
"""The mean of all ratings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EloRatings:
    """Ratings by Elo's update rule, averaged over random orders of the games."""

    players: tuple[str, ...]
    ratings: tuple[float, ...]  # mean over the orders; their mean is 1000
    order_sd: tuple[float, ...]  # standard deviation over the orders: the effect of the order alone
    k: float  # points at stake per game
    orders: int
    seed: int


def elo_scale(ability: float) -> float:
    """A centred ability (log-odds) as an Elo rating with mean 1000."""
    return BASE + POINTS * ability


def elo(games: Sequence[Game], *, k: float = 16.0, orders: int = 200, seed: int = 0) -> EloRatings:
    """Ratings after all games, from 1000 each: R += k (score - expected), in `orders` random orders.

    `k` is the number of points at stake per game; the smaller it is, the closer ratings stay to
    1000 after few games. Raises ValueError as `check_games` does, and if k or orders is not above 0.
    """
    check_games(games)
    if not (math.isfinite(k) and k > 0) or orders < 1:
        raise ValueError(f"k={k!r}, orders={orders!r}: both must be above 0")
    players = players_of(games)
    index = {name: position for position, name in enumerate(players)}
    first, second, score = (np.array(column) for column in zip(*games, strict=True))
    first_index, second_index = (np.array([index[name] for name in names]) for names in (first, second))
    random = np.random.default_rng(seed)
    order = np.stack([random.permutation(len(games)) for _ in range(orders)])
    ratings = np.full((orders, len(players)), BASE)
    rows = np.arange(orders)
    for games_now in order.T:  # the t-th game of every order at once
        a, b = first_index[games_now], second_index[games_now]
        expected = 1 / (1 + 10 ** ((ratings[rows, b] - ratings[rows, a]) / 400))
        change = k * (score[games_now] - expected)
        ratings[rows, a] += change
        ratings[rows, b] -= change
    return EloRatings(
        players=players,
        ratings=tuple(map(float, ratings.mean(0))),
        order_sd=tuple(map(float, ratings.std(0, ddof=1))) if orders > 1 else (0.0,) * len(players),
        k=k,
        orders=orders,
        seed=seed,
    )
