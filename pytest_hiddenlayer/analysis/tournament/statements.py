"""Statements below the standings: missing intervals, few samples, games left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...stats.paired_comparison_models.rank_bootstrap import PRIOR_GAMES, RankIntervals
from ...stats.paired_comparison_models.win_counts import Separation
from .games import Game

FEW_SAMPLES = 20
"""Clusters below which an interval is called rough."""
MAX_REGULARISED = 1 / 40
"""Share of regularised resamples above which the intervals are called possibly too short."""


def warnings(
    separation: Separation | None,
    games: Sequence[Game],
    intervals: RankIntervals | None,
    clusters: int,
    idle: Sequence[str],
) -> Iterator[str]:
    """Warnings about the abilities and their intervals. `idle` players have no game that counts."""
    if separation is not None:
        yield f"no finite abilities exist: {separation}; shown with {PRIOR_GAMES:g} pseudo-game per player, half won"
        if len(separation.apart) > 1:
            yield "between groups that no game links, ranks depend on the pseudo-games alone"
    if all(game.winner == "tie" for game in games):
        yield f"all {len(games)} games are ties: they do not separate the players"
    if idle:
        yield f"no game that counts, not ranked: {', '.join(idle)}"
    if intervals is None:
        yield "all games are on one sample: there is no interval"
    elif clusters < FEW_SAMPLES:
        yield f"only {clusters} samples: the intervals are rough"
    if intervals is not None and intervals.regularised > intervals.draws * MAX_REGULARISED:
        yield (
            f"{intervals.regularised} of {intervals.draws} resamples had no finite abilities and were regularised: "
            "intervals at the ends of the table may be too short"
        )


def left_out(games: Sequence[Game], failed: int) -> Iterator[str]:
    """How many games do not count, and why."""
    unreadable = [game for game in games if game.score is None]
    if unreadable:
        reason = next((game.explanation for game in unreadable if game.explanation), "")
        why = f": {reason}" if reason else ""
        yield f"{len(unreadable)} of {len(games)} verdicts left out, unreadable{why}"
    if failed:
        yield f"{failed} games could not be judged and are left out; run the same command again to retry them"


def no_game_message(games: Sequence[Game], failed: int, notes: Sequence[str]) -> str:
    """Why there are no standings, and what to do."""
    details = "".join(f"; {note}" for note in notes)
    if games:
        reason = next((game.explanation for game in games if game.explanation), "no reason given")
        return f"none of {len(games)} verdicts can be read (the first: {reason}){details}. Name another judge"
    if failed:
        return f"none of {failed} games could be judged{details}. Name another judge, or fix the cause of the failure"
    return f"no game: no sample has an answer of two players that can be compared{details}"
