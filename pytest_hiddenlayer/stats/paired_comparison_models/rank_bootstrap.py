"""Intervals of abilities and ranks over clusters of games.

The interval of an ability is Student's t around it, with its standard error over clusters; a
percentile bootstrap of abilities covers as little as 88 % if one player nearly always wins.

The interval of a rank is a bootstrap's, with a seed. Whole clusters are resampled, because games
on one sample are dependent (Cameron, Gelbach & Miller 2008, "Bootstrap-based improvements for
inference with clustered errors"). Intervals are percentiles, expanded for few clusters as in
Hesterberg 2015 ("What Teachers Should Know About the Bootstrap", The American Statistician 69,
section 4): the tail is the normal one beyond t_{.975, n-1} sqrt(n / (n - 1)). Two things differ,
so that no interval is too short because an outcome was never observed:

- a draw whose abilities are not finite is regularised with one pseudo-game per player;
- if the abilities are finite only because of the prior, or if all draws are the same, abilities
  are drawn from the normal approximation of the likelihood instead. Its variance is that of
  independent games times Σ n_c²/n, the games of an average game's cluster: three equal labels of
  one game count as one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .bradley_terry import Abilities, chances, fit, maximise, with_prior
from .win_counts import Counts, Game, strongly_connected, win_counts

PRIOR_GAMES = 1.0
"""Pseudo-games per player in a draw without finite abilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankIntervals:
    """95 % intervals in the order of `players`."""

    players: tuple[str, ...]
    abilities: tuple[tuple[float, float], ...]  # centred, log-odds
    stderrs: tuple[float, ...]  # of the centred abilities, over clusters
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
        drawn, regularised, method = _normal(point, _games_per_cluster(blocks), random, draws), 0, "normal"
    best, worst = _ranks(drawn, 0.025 if method == "normal" else _tail(len(blocks)))
    stderrs = _stderrs(point, blocks, finite=finite)
    quantile = _quantile(len(blocks) - 1)
    return RankIntervals(
        players=point.players,
        abilities=tuple(
            (value - quantile * stderr, value + quantile * stderr)
            for value, stderr in zip(point.values, stderrs, strict=True)
        ),
        stderrs=stderrs,
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


def _normal(point: Abilities, games_per_cluster: float, random: np.random.Generator, draws: int) -> Counts:
    covariance = np.asarray(point.covariance) * games_per_cluster
    return np.asarray(random.multivariate_normal(np.asarray(point.values), covariance, size=draws, method="eigh"))


def _games_per_cluster(blocks: Counts) -> float:
    """Σ n_c²/n: the number of games in an average game's cluster."""
    sizes = blocks.sum((1, 2))
    return float((sizes**2).sum() / sizes.sum())


def _stderrs(point: Abilities, blocks: Counts, *, finite: bool) -> tuple[float, ...]:
    """The larger one of the error of independent games and that over clusters, by player.

    Over clusters it is the sandwich estimate with CR1's correction: Cameron & Miller 2015, "A
    Practitioner's Guide to Cluster-Robust Inference". If the abilities are finite only because
    of the prior, what was observed does not vary enough for it; the variance is then that of
    independent games times the games per cluster.
    """
    covariance = np.asarray(point.covariance)
    independent = np.diag(covariance) * (1.0 if finite else _games_per_cluster(blocks))
    if not finite:
        return tuple(map(float, np.sqrt(independent)))
    played = blocks + np.swapaxes(blocks, -1, -2)
    scores = (blocks - played * chances(np.asarray(point.values))).sum(-1) @ covariance  # [cluster, player]
    clustered = len(blocks) / (len(blocks) - 1) * (scores**2).sum(0)
    return tuple(map(float, np.sqrt(np.maximum(independent, clustered))))


def _tail(clusters: int) -> float:
    """The share of draws beyond each end of the interval: 2.5 % for many clusters, less for few."""
    from scipy.special import ndtr

    return float(ndtr(-_quantile(clusters - 1) * math.sqrt(clusters / (clusters - 1))))


def _quantile(df: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))


def _ranks(drawn: Counts, tail: float) -> tuple[Counts, Counts]:
    """(low tail of ranks with equals behind, high tail of ranks with equals ahead), by player."""
    lead = drawn[:, None, :] - drawn[:, :, None]  # [draw, player, opponent]: how far the opponent is ahead
    equals_behind = 1 + (lead > 1e-6).sum(-1)
    equals_ahead = (lead > -1e-6).sum(-1)  # counts the player itself, which is the 1
    return (
        np.quantile(equals_behind, tail, axis=0, method="lower"),
        np.quantile(equals_ahead, 1 - tail, axis=0, method="higher"),
    )
