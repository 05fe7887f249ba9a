"""Games of a tournament, and their log: one line a game, on disk as soon as it is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...identifiers import digest
from ...io.jsonl import append_line, read_lines
from .players import SampleKey, TournamentData

Winner: TypeAlias = Literal["a", "b", "tie"]

LOG = "games.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """Two players on one sample."""

    key: str  # hash of all that determines it
    source: str  # scores, judge or labels
    rater: str  # the judge's or the person's name; empty for scores
    task: str
    sample_id: str
    cluster: str  # what error bars take as one
    a: str
    b: str
    winner: Winner | None  # None: the verdict cannot be read; the game does not count
    consistent: bool | None = None  # whether a judge said the same in both orders; None: not asked twice
    votes: tuple[str, str] | None = None  # a judge's letters, A the answer shown first: with a first, with b first
    explanation: str = ""

    @property
    def score(self) -> float | None:
        """1.0 where a won, 0.5 for a tie, 0.0 where b won; None where the verdict cannot be read."""
        return None if self.winner is None else {"a": 1.0, "tie": 0.5, "b": 0.0}[self.winner]


class GameLog:
    """`games.jsonl` in a run's folder; games of every source stand in it, each under its key."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG

    def read(self) -> dict[str, Game]:
        """Key → game, as last written. Raises UsageError with file and line for what is no game."""
        found: dict[str, Game] = {}
        for number, values in read_lines(self.path, "a game") if self.path.is_file() else ():
            try:
                game = _from_json(values)
            except (TypeError, ValueError) as error:
                raise UsageError(
                    f"{self.path}:{number}: not a game: {error}. Delete the line, or the file"
                ) from error
            found[game.key] = game
        return found

    def append(self, game: Game) -> None:
        """Put a game on disk; when this returns, the death of this process cannot lose it."""
        append_line(self.path, asdict(game))


def _from_json(values: Mapping[str, Any]) -> Game:
    known = {f.name for f in fields(Game)}
    game = Game(**{name: value for name, value in values.items() if name in known})
    if game.winner not in ("a", "b", "tie", None):
        raise ValueError(f"winner is {game.winner!r}; a, b, tie or null is needed")
    return game if game.votes is None else replace(game, votes=(game.votes[0], game.votes[1]))


def game_key(field: TournamentData, spot: SampleKey, a: str, b: str, *more: str) -> str:
    """The key of a game: sample, players, their answers and scores, and `more` (source, judge, ...)."""
    entries = field.entries[spot]
    answers = [[entries[name].output, entries[name].score] for name in (a, b)]
    return digest([spot.task, spot.sample_id, spot.hash, a, b, answers, *more])


def score_games(field: TournamentData) -> Iterator[Game]:
    """A game for every two players scored on the same sample: the higher headline score wins, equal is a tie."""
    for spot, a, b in field.matchups():
        one, other = (field.entries[spot][name].score for name in (a, b))
        if one is None or other is None:
            continue
        winner: Winner = "tie" if abs(one - other) < 1e-9 else "a" if one > other else "b"
        yield Game(
            key=game_key(field, spot, a, b, "scores"),
            source="scores",
            rater="",
            task=spot.task,
            sample_id=spot.sample_id,
            cluster=field.cluster(spot),
            a=a,
            b=b,
            winner=winner,
            explanation=f"{one:.6g} against {other:.6g}",
        )


def unplayed(field: TournamentData, games: Sequence[Game]) -> int:
    """Pairs of entries on one sample that made no game."""
    return sum(1 for _ in field.matchups()) - len(games)


def triples(games: Iterable[Game]) -> list[tuple[str, str, float]]:
    """(a, b, score) of the games that count."""
    return [(game.a, game.b, game.score) for game in games if game.score is not None]
