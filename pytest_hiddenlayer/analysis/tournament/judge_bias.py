"""What the place and the length of an answer did to the verdicts: a rater should care for neither.

Zheng et al. 2023 (arXiv:2306.05685, sections 3.3 and 3.4) measure both in judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .games import Game
from .players import TournamentData


def effects(field: TournamentData, games: Sequence[Game]) -> list[str]:
    """One sentence each on position (of a judge) and length, where there is anything to tell."""
    return [*_position([game for game in games if game.consistent is not None]), *_length(field, games)]


def _position(asked: Sequence[Game]) -> Iterator[str]:
    if not asked:
        return
    turned = sum(game.consistent is False for game in asked)
    said = [letter for game in asked for letter in game.votes or () if letter in ("A", "B")]
    first = f"; the answer shown first was preferred in {_share(said.count('A'), len(said))} replies" if said else ""
    yield f"position: {_share(turned, len(asked))} verdicts turned with the order and count as ties{first}"


def _length(field: TournamentData, games: Sequence[Game]) -> Iterator[str]:
    longer = list(_longer(field, games))
    if longer:
        yield f"length: the longer answer won {_share(sum(longer), len(longer))} decided games"


def _longer(field: TournamentData, games: Sequence[Game]) -> Iterator[bool]:
    """Of each decided game between answers of unequal length, whether the longer one won."""
    lengths = {
        (spot.task, spot.sample_id, player): len(entry.output or "")
        for spot, entries in field.entries.items()
        for player, entry in entries.items()
    }
    for game in games:
        a, b = (lengths.get((game.task, game.sample_id, name), 0) for name in (game.a, game.b))
        if game.winner in ("a", "b") and a != b:
            yield (game.winner == "a") == (a > b)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})"
