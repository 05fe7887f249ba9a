"""Standings of a tournament: abilities with error bars, ranks with intervals, win rates of every pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import UsageError
from ...stats.paired_comparison_models.bradley_terry import Abilities, fit_counts
from ...stats.paired_comparison_models.elo import EloRatings, elo, elo_scale
from ...stats.paired_comparison_models.rank_bootstrap import PRIOR_GAMES, RankIntervals, ranks, spread
from ...stats.paired_comparison_models.win_counts import Separation, obstacle, win_counts
from .games import Game, triples

FEW = 20
"""Clusters below which an interval is called rough."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One player."""

    player: str
    rank: int  # from 1; equal abilities share the better rank
    ranks: tuple[int, int] | None  # 95 % interval; None: all games are of one sample
    ability: float  # log-odds, mean over all players 0
    stderr: float
    ci95: tuple[float, float] | None  # of the ability; None: all games are of one sample
    elo: float  # the ability on the Elo scale, mean 1000
    updates: float | None  # Elo's own updates, mean over random orders; None: not asked for
    updates_spread: float | None  # standard deviation over the orders
    games: int
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchupRate:
    """Two players against each other."""

    rate: float | None  # wins of the first, ties as halves, as a share; None: they never met
    games: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standings:
    """What came out of a tournament; `statements` say what to beware of."""

    runs: tuple[str, ...]
    tasks: tuple[str, ...]
    source: str  # scores, judge or labels
    judge: str | None
    players: tuple[Standing, ...]  # the best first
    matrix: tuple[tuple[MatchupRate, ...], ...]  # [row player][column player], in the order of players
    games: int  # that count
    unreadable: int  # verdicts that could not be read, left out
    failed: int  # games that could not be played, left out
    prior: float  # pseudo-games a player; 0: plain maximum likelihood
    interval: str | None  # how the intervals were found: bootstrap or normal
    draws: int
    clusters: int
    elo_k: float | None  # points at stake in a game of `updates`; None: not asked for
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
    """The standings of these games, of one source. Raises UsageError where no game counts.

    Players of the field without a game are named and left out. Where no finite abilities
    exist, all are regularised by one pseudo-game a player, and a statement names the groups.
    """
    counted = [game for game in games if game.score is not None]
    if not counted:
        raise UsageError(_no_game(games, failed, notes))
    results = triples(counted)
    names = sorted({name for game in counted for name in (game.a, game.b)})
    counts = win_counts(results, names)
    found = obstacle(names, counts)
    prior = 0.0 if found is None else PRIOR_GAMES
    abilities = fit_counts(names, counts, prior=prior)
    clusters = [game.cluster for game in counted]
    around = spread(results, clusters, prior=prior, draws=draws, seed=seed)
    ratings = elo(results, seed=seed) if with_elo else None
    rows = _rows(abilities, around, ratings, counted)
    judged = {game.rater for game in games if game.source == "judge"}
    idle = [name for name in players if name not in names]
    return Standings(
        runs=tuple(runs),
        tasks=tuple(sorted({game.task for game in counted})),
        source=counted[0].source,
        judge=", ".join(sorted(judged)) or None,
        players=rows,
        matrix=_matrix([row.player for row in rows], counted),
        games=len(counted),
        unreadable=len(games) - len(counted),
        failed=failed,
        prior=prior,
        interval=around.method if around else None,
        draws=draws if around else 0,
        clusters=len(set(clusters)),
        elo_k=ratings.k if ratings else None,
        seed=seed,
        statements=(*_warnings(found, counted, around, len(set(clusters)), idle), *_left_out(games, failed), *notes),
    )


def _rows(
    abilities: Abilities, around: RankIntervals | None, ratings: EloRatings | None, games: Sequence[Game]
) -> tuple[Standing, ...]:
    place = ranks(abilities.values)
    rows = []
    for at, name in enumerate(abilities.players):
        own = [game.score if game.a == name else 1 - (game.score or 0) for game in games if name in (game.a, game.b)]
        rows.append(
            Standing(
                player=name,
                rank=place[at],
                ranks=around.ranks[at] if around else None,
                ability=abilities.values[at],
                stderr=abilities.stderr(name),
                ci95=around.abilities[at] if around else None,
                elo=elo_scale(abilities.values[at]),
                updates=ratings.ratings[at] if ratings else None,
                updates_spread=ratings.spread[at] if ratings else None,
                games=len(own),
                wins=own.count(1),
                ties=own.count(0.5),
                losses=own.count(0),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.rank, row.player)))


def _matrix(names: Sequence[str], games: Sequence[Game]) -> tuple[tuple[MatchupRate, ...], ...]:
    won = win_counts(triples(games), names)

    def meeting(i: int, j: int) -> MatchupRate:
        n = round(float(won[i, j] + won[j, i]))
        return MatchupRate(rate=float(won[i, j]) / n if n else None, games=n)

    return tuple(tuple(meeting(i, j) for j in range(len(names))) for i in range(len(names)))


def _warnings(
    found: Separation | None, games: Sequence[Game], around: RankIntervals | None, clusters: int, idle: Sequence[str]
) -> Iterator[str]:
    if found is not None:
        yield f"no finite abilities exist: {found}; shown with {PRIOR_GAMES:g} pseudo-game per player, half won"
        if len(found.apart) > 1:
            yield "between groups that no game links, ranks rest on the pseudo-games alone"
    if all(game.winner == "tie" for game in games):
        yield f"all {len(games)} games are ties: nothing tells the players apart"
    if idle:
        yield f"no game that counts, not ranked: {', '.join(idle)}"
    if around is None:
        yield "all games are on one sample: there is no interval"
    elif clusters < FEW:
        yield f"only {clusters} samples: the intervals are rough"
    if around is not None and around.rescued > around.draws // 40:
        yield (
            f"{around.rescued} of {around.draws} resamples had no finite abilities and were regularised: "
            "intervals at the ends of the table may be too short"
        )


def _left_out(games: Sequence[Game], failed: int) -> Iterator[str]:
    unread = [game for game in games if game.score is None]
    if unread:
        why = next((game.explanation for game in unread if game.explanation), "")
        yield f"{len(unread)} of {len(games)} verdicts left out, unreadable{f': {why}' if why else ''}"
    if failed:
        yield f"{failed} games could not be judged and are left out; the same command asks for them again"


def _no_game(games: Sequence[Game], failed: int, notes: Sequence[str]) -> str:
    more = "".join(f"; {note}" for note in notes)
    if games:
        why = next((game.explanation for game in games if game.explanation), "no reason given")
        return f"none of {len(games)} verdicts can be read (the first: {why}){more}. Name another judge"
    if failed:
        return f"none of {failed} games could be judged{more}. Name another judge, or mend the call"
    return f"no game: no sample has an answer of two players that can be compared{more}"
