"""Position and length bias in the verdicts of a tournament; an unbiased rater shows neither.

Zheng et al. 2023 (arXiv:2306.05685, sections 3.3 and 3.4) measure both in judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .games import Game
from .players import TournamentData


def bias_statements(data: TournamentData, games: Sequence[Game]) -> list[str]:
    """One sentence on position bias (of a judge) and one on length bias, each if there are games to measure it."""
    return [*_position([game for game in games if game.consistent is not None]), *_length(data, games)]


def _position(games: Sequence[Game]) -> Iterator[str]:
    if not games:
        return
    inconsistent = sum(game.consistent is False for game in games)
    letters = [letter for game in games for letter in game.votes or () if letter in ("A", "B")]
    share = _share(letters.count("A"), len(letters)) if letters else ""
    first = f"; the answer shown first was preferred in {share} replies" if letters else ""
    yield (
        f"position bias: {_share(inconsistent, len(games))} verdicts changed with the order and count as ties{first}"
    )


def _length(data: TournamentData, games: Sequence[Game]) -> Iterator[str]:
    longer_won = list(_longer_won(data, games))
    if longer_won:
        yield f"length bias: the longer answer won {_share(sum(longer_won), len(longer_won))} decided games"


def _longer_won(data: TournamentData, games: Sequence[Game]) -> Iterator[bool]:
    """Whether the longer answer won, for each decided game between answers of unequal length."""
    lengths = {
        (sample.task, sample.sample_id, player): len(result.output or "")
        for sample, results in data.results.items()
        for player, result in results.items()
    }
    for game in games:
        a, b = (lengths.get((game.task, game.sample_id, player), 0) for player in (game.a, game.b))
        if game.winner in ("a", "b") and a != b:
            yield (game.winner == "a") == (a > b)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})"
