"""The leaderboard of a tournament: abilities and ranks with intervals, and the win rate of every pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import UsageError
from ...stats.paired_comparison_models.bradley_terry import Abilities, fit_counts
from ...stats.paired_comparison_models.elo import EloRatings, elo, elo_scale
from ...stats.paired_comparison_models.rank_bootstrap import PRIOR_GAMES, RankIntervals, rank_intervals, ranks
from ...stats.paired_comparison_models.win_counts import find_separation, win_counts
from .games import Game, game_results
from .statements import left_out, no_game_message, warnings


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One player."""

    player: str
    rank: int  # from 1; equal abilities share the better rank
    ranks: tuple[int, int] | None  # 95 % interval; None: all games are on one sample
    ability: float  # log-odds; the mean over all players is 0
    stderr: float  # over clusters; of independent games if all are on one sample
    ci95: tuple[float, float] | None  # of the ability; None: all games are on one sample
    elo: float  # the ability on the Elo scale; the mean is 1000
    updates: float | None  # Elo's sequential updates, mean over random orders; None: not requested
    updates_spread: float | None  # standard deviation over the orders
    games: int
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchupRate:
    """Two players against each other."""

    rate: float | None  # share of games that the first won, ties as halves; None: no game
    games: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standings:
    """The result of a tournament, with warnings for the reader in `statements`."""

    runs: tuple[str, ...]
    tasks: tuple[str, ...]
    source: str  # scores, judge or labels
    judge: str | None
    players: tuple[Standing, ...]  # the best first
    matrix: tuple[tuple[MatchupRate, ...], ...]  # [row player][column player], in the order of players
    games: int  # that count
    unreadable: int  # verdicts that could not be read, left out
    failed: int  # games that could not be played, left out
    prior: float  # pseudo-games per player; 0: plain maximum likelihood
    interval: str | None  # how the intervals were computed: bootstrap or normal
    draws: int  # resamples of the intervals
    clusters: int
    elo_k: float | None  # points at stake in a game of `updates`; None: not requested
    seed: int
    statements: tuple[str, ...] = ()
    schema: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values by field name."""
        return asdict(self)


def standings(
    games: Sequence[Game],
    *,
    players: Sequence[str],
    runs: Sequence[str] = (),
    failed: int = 0,
    with_elo: bool = False,
    seed: int = 0,
    notes: Sequence[str] = (),
    draws: int = 1000,
) -> Standings:
    """The standings of these games, which must be of one source. Raises UsageError if no game counts.

    Players without a game are left out and named in a statement. If no finite abilities exist, all
    abilities are regularised with one pseudo-game per player, and a statement names the groups.
    """
    counted = [game for game in games if game.score is not None]
    if not counted:
        raise UsageError(no_game_message(games, failed, notes))
    results = game_results(counted)
    ranked = sorted({player for game in counted for player in (game.a, game.b)})
    counts = win_counts(results, ranked)
    separation = find_separation(ranked, counts)
    prior = 0.0 if separation is None else PRIOR_GAMES
    clusters = [game.cluster for game in counted]
    intervals = rank_intervals(results, clusters, prior=prior, draws=draws, seed=seed)
    ratings = elo(results, seed=seed) if with_elo else None
    rows = _rows(fit_counts(ranked, counts, prior=prior), intervals, ratings, counted)
    idle = [player for player in players if player not in ranked]
    statements = (
        *warnings(separation, counted, intervals, len(set(clusters)), idle),
        *left_out(games, failed),
        *notes,
    )
    return Standings(
        runs=tuple(runs),
        tasks=tuple(sorted({game.task for game in counted})),
        source=counted[0].source,
        judge=_judges(games),
        players=rows,
        matrix=_matrix([row.player for row in rows], counted),
        games=len(counted),
        unreadable=len(games) - len(counted),
        failed=failed,
        prior=prior,
        interval=intervals.method if intervals else None,
        draws=draws if intervals else 0,
        clusters=len(set(clusters)),
        elo_k=ratings.k if ratings else None,
        seed=seed,
        statements=statements,
    )


def _judges(games: Sequence[Game]) -> str | None:
    """The names of the judges; None if no judge decided a game."""
    return ", ".join(sorted({game.rater for game in games if game.source == "judge"})) or None


def _rows(
    abilities: Abilities, intervals: RankIntervals | None, ratings: EloRatings | None, games: Sequence[Game]
) -> tuple[Standing, ...]:
    """The standings, the best player first."""
    rank_of = ranks(abilities.values)
    rows = []
    for index, player in enumerate(abilities.players):
        scores = [
            game.score if game.a == player else 1 - (game.score or 0) for game in games if player in (game.a, game.b)
        ]
        rows.append(
            Standing(
                player=player,
                rank=rank_of[index],
                ranks=intervals.ranks[index] if intervals else None,
                ability=abilities.values[index],
                stderr=intervals.stderrs[index] if intervals else abilities.stderr(player),
                ci95=intervals.abilities[index] if intervals else None,
                elo=elo_scale(abilities.values[index]),
                updates=ratings.ratings[index] if ratings else None,
                updates_spread=ratings.order_sd[index] if ratings else None,
                games=len(scores),
                wins=scores.count(1),
                ties=scores.count(0.5),
                losses=scores.count(0),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.rank, row.player)))


def _matrix(players: Sequence[str], games: Sequence[Game]) -> tuple[tuple[MatchupRate, ...], ...]:
    wins = win_counts(game_results(games), players)

    def matchup(row: int, column: int) -> MatchupRate:
        n = round(float(wins[row, column] + wins[column, row]))
        return MatchupRate(rate=float(wins[row, column]) / n if n else None, games=n)

    return tuple(tuple(matchup(row, column) for column in range(len(players))) for row in range(len(players)))
