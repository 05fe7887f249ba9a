"""Bootstrap intervals of abilities and ranks, by resampling clusters with a seed.

Whole clusters are resampled, because games on one sample are dependent (Cameron, Gelbach &
Miller 2008, "Bootstrap-based improvements for inference with clustered errors"). Intervals are
percentiles, expanded for few clusters as in Hesterberg 2015 ("What Teachers Should Know About
the Bootstrap", The American Statistician 69, section 4): the tail is the normal one beyond
t_{.975, n-1} sqrt(n / (n - 1)). Two things differ, so that no interval is too short because an
outcome was never observed:

- a draw whose abilities are not finite is regularised with one pseudo-game per player;
- if the abilities are finite only because of the prior, or if all draws are the same, abilities
  are drawn from the normal approximation of the likelihood instead, which treats games as
  independent.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .bradley_terry import Abilities, fit, maximise, with_prior
from .win_counts import Counts, Game, strongly_connected, win_counts

PRIOR_GAMES = 1.0
"""Pseudo-games per player in a draw without finite abilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankIntervals:
    """95 % intervals in the order of `players`."""

    players: tuple[str, ...]
    abilities: tuple[tuple[float, float], ...]  # centred, log-odds
    ranks: tuple[tuple[int, int], ...]  # 1 is the best
    method: Literal["bootstrap", "normal"]
    draws: int
    clusters: int
    regularised: int  # draws that were regularised because their abilities were not finite
    seed: int


def rank_intervals(
    games: Sequence[Game],
    clusters: Sequence[Hashable] | None = None,
    *,
    prior: float = 0.0,
    draws: int = 1000,
    seed: int = 0,
) -> RankIntervals | None:
    """95 % intervals of abilities and ranks; None if all games are of one cluster.

    `clusters` has one name per game (its sample); by default, each game is its own cluster. The
    lower end of a rank counts players of equal ability as behind, the upper end as ahead. Raises
    as `fit` does, and ValueError for unequal lengths.
    """
    if clusters is not None and len(clusters) != len(games):
        raise ValueError(f"{len(games)} games have {len(clusters)} clusters; every game needs one")
    point = fit(games, prior=prior)
    blocks = _blocks(games, clusters, point.players)
    if len(blocks) < 2:
        return None
    random = np.random.default_rng(seed)
    finite = bool(strongly_connected(blocks.sum(0)))
    drawn, regularised = _bootstrap(blocks, random, draws, prior) if finite else (None, 0)
    method: Literal["bootstrap", "normal"] = "bootstrap"
    if drawn is None or float(np.ptp(drawn, axis=0).max()) < 1e-6:
        drawn, regularised, method = _normal(point, random, draws), 0, "normal"
    tail = 0.025 if method == "normal" else _tail(len(blocks))
    low, high = np.quantile(drawn, (tail, 1 - tail), axis=0)
    best, worst = _ranks(drawn, tail)
    return RankIntervals(
        players=point.players,
        abilities=tuple((float(a), float(b)) for a, b in zip(low, high, strict=True)),
        ranks=tuple((int(a), int(b)) for a, b in zip(best, worst, strict=True)),
        method=method,
        draws=draws,
        clusters=len(blocks),
        regularised=regularised,
        seed=seed,
    )


def ranks(values: Sequence[float]) -> list[int]:
    """Ranks, 1 for the highest value; values equal to 1e-6 share the better rank."""
    return [1 + sum(other > value + 1e-6 for other in values) for value in values]


def _blocks(games: Sequence[Game], clusters: Sequence[Hashable] | None, players: Sequence[str]) -> Counts:
    """The counts of wins of each cluster, [cluster, i, j]."""
    members: dict[Hashable, list[Game]] = {}
    for index, game in enumerate(games):
        members.setdefault(index if clusters is None else clusters[index], []).append(game)
    return np.stack([win_counts(inside, players) for inside in members.values()])


def _bootstrap(blocks: Counts, random: np.random.Generator, draws: int, prior: float) -> tuple[Counts, int]:
    """(abilities [draw, player], number of draws that were regularised)."""
    n, k = len(blocks), blocks.shape[-1]
    times = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    counts = (times @ blocks.reshape(n, k * k)).reshape(draws, k, k)
    infinite = ~strongly_connected(counts) if prior == 0 else np.zeros(draws, dtype=bool)
    counts = with_prior(counts, prior)
    counts[infinite] = with_prior(counts[infinite], PRIOR_GAMES)
    values, converged, _ = maximise(counts)
    return values[converged], int(infinite.sum())


def _normal(point: Abilities, random: np.random.Generator, draws: int) -> Counts:
    covariance = np.asarray(point.covariance)
    return np.asarray(random.multivariate_normal(np.asarray(point.values), covariance, size=draws, method="eigh"))


def _tail(clusters: int) -> float:
    """The share of draws beyond each end of the interval: 2.5 % for many clusters, less for few."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(-stdtrit(clusters - 1, 0.975) * math.sqrt(clusters / (clusters - 1))))


def _ranks(drawn: Counts, tail: float) -> tuple[Counts, Counts]:
    """(low tail of ranks with equals behind, high tail of ranks with equals ahead), by player."""
    lead = drawn[:, None, :] - drawn[:, :, None]  # [draw, player, opponent]: how far the opponent is ahead
    equals_behind = 1 + (lead > 1e-6).sum(-1)
    equals_ahead = (lead > -1e-6).sum(-1)  # counts the player itself, which is the 1
    return (
        np.quantile(equals_behind, tail, axis=0, method="lower"),
        np.quantile(equals_ahead, 1 - tail, axis=0, method="higher"),
    )
