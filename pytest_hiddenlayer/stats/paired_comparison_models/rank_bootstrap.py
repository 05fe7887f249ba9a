"""How far abilities and ranks move when the samples are drawn anew: a seeded cluster bootstrap.

Whole clusters are drawn, as games on one sample go together (Cameron, Gelbach & Miller 2008,
"Bootstrap-based improvements for inference with clustered errors"). Intervals are percentiles,
expanded for few clusters as Hesterberg 2015 does ("What Teachers Should Know About the
Bootstrap", The American Statistician 69, section 4): the tail is the normal one beyond
t_{.975, n-1} sqrt(n / (n - 1)). Two things differ, so that no interval is short merely because
something never happened:

- a draw whose abilities are not finite is regularised with one pseudo-game a player;
- where the games themselves have finite abilities only by the prior, or no draw differs from
  another, abilities are drawn from the normal approximation of the likelihood instead, which
  takes the games as independent.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .bradley_terry import Abilities, fit, maximise, with_prior
from .win_counts import Game, strongly_connected, win_counts

if TYPE_CHECKING:
    import numpy as np

    from .win_counts import Counts

PRIOR_GAMES = 1.0
"""Pseudo-games a player in a draw that has no finite abilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankIntervals:
    """95 % intervals in the order of `players`."""

    players: tuple[str, ...]
    abilities: tuple[tuple[float, float], ...]  # centred, log-odds
    ranks: tuple[tuple[int, int], ...]  # from 1, the best
    method: Literal["bootstrap", "normal"]
    draws: int
    clusters: int
    rescued: int  # draws that were regularised because their abilities are not finite
    seed: int


def spread(
    games: Sequence[Game],
    clusters: Sequence[Hashable] | None = None,
    *,
    prior: float = 0.0,
    draws: int = 1000,
    seed: int = 0,
) -> RankIntervals | None:
    """95 % intervals of abilities and ranks; None where all games are of one cluster.

    `clusters` has one name a game (its sample); left out, each game is a cluster of its own.
    A rank's lower end takes players of equal ability as behind, its upper end as ahead. Raises
    as `fit` does, and ValueError for unequal lengths.
    """
    import numpy as np

    if clusters is not None and len(clusters) != len(games):
        raise ValueError(f"{len(games)} games have {len(clusters)} clusters; one each is needed")
    point = fit(games, prior=prior)
    blocks = _blocks(games, clusters, point.players)
    if len(blocks) < 2:
        return None
    random = np.random.default_rng(seed)
    finite = bool(strongly_connected(blocks.sum(0)))
    drawn, rescued = _bootstrap(blocks, random, draws, prior) if finite else (None, 0)
    method: Literal["bootstrap", "normal"] = "bootstrap"
    if drawn is None or float(np.ptp(drawn, axis=0).max()) < 1e-6:
        drawn, rescued, method = _normal(point, random, draws), 0, "normal"
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
        rescued=rescued,
        seed=seed,
    )


def ranks(values: Sequence[float]) -> list[int]:
    """Ranks from 1 for the highest; equal values (to 1e-6) share the better rank."""
    return [1 + sum(other > value + 1e-6 for other in values) for value in values]


def _blocks(games: Sequence[Game], clusters: Sequence[Hashable] | None, players: Sequence[str]) -> Counts:
    """[cluster, i, j]: the counts of wins of each cluster."""
    import numpy as np

    found: dict[Hashable, list[Game]] = {}
    for at, game in enumerate(games):
        found.setdefault(at if clusters is None else clusters[at], []).append(game)
    return np.stack([win_counts(some, players) for some in found.values()])


def _bootstrap(blocks: Counts, random: np.random.Generator, draws: int, prior: float) -> tuple[Counts, int]:
    """(abilities [draw, player], how many draws were rescued)."""
    import numpy as np

    n, k = len(blocks), blocks.shape[-1]
    times = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    counts = (times @ blocks.reshape(n, k * k)).reshape(draws, k, k)
    bad = ~strongly_connected(counts) if prior == 0 else np.zeros(draws, dtype=bool)
    counts = with_prior(counts, prior)
    counts[bad] = with_prior(counts[bad], PRIOR_GAMES)
    values, ended, _ = maximise(counts)
    return values[ended], int(bad.sum())


def _normal(point: Abilities, random: np.random.Generator, draws: int) -> Counts:
    import numpy as np

    covariance = np.asarray(point.covariance)
    return np.asarray(random.multivariate_normal(np.asarray(point.values), covariance, size=draws, method="eigh"))


def _tail(clusters: int) -> float:
    """The share of draws left out on either side: 2.5 % for many clusters, less for few."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(-stdtrit(clusters - 1, 0.975) * math.sqrt(clusters / (clusters - 1))))


def _ranks(drawn: Counts, tail: float) -> tuple[Counts, Counts]:
    """(low tail of the ranks that take equals as behind, high tail of those that take them as ahead), by player."""
    import numpy as np

    apart = drawn[:, None, :] - drawn[:, :, None]  # [draw, player, other]: how much the other is ahead
    ahead = 1 + (apart > 1e-6).sum(-1)
    behind = (apart > -1e-6).sum(-1)  # a player is not behind itself, and counts itself here
    return (
        np.quantile(ahead, tail, axis=0, method="lower"),
        np.quantile(behind, 1 - tail, axis=0, method="higher"),
    )
