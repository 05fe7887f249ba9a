"""Games of a tournament, and their log: one line per game, written as soon as the game is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...identifiers import digest
from ...io.jsonl import append_line, read_lines
from ..answers import SampleKey, Winner
from .players import TournamentData

LOG = "games.jsonl"
_TEXTS = ("key", "source", "rater", "task", "sample_id", "cluster", "a", "b", "explanation")
_SCORES: dict[Winner, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """Two players on one sample."""

    key: str  # hash of everything that determines the game
    source: str  # scores, judge or labels
    rater: str  # the judge's or the person's name; empty for scores
    task: str
    sample_id: str
    cluster: str  # the unit that error bars resample
    a: str
    b: str
    winner: Winner | None  # None: the verdict is unreadable, and the game does not count
    consistent: bool | None = None  # whether both orders gave the same verdict; None: not judged in both orders
    votes: tuple[str, str] | None = None  # the judge's verdicts with a first and with b first; A: the first shown
    explanation: str = ""

    @property
    def score(self) -> float | None:
        """1.0 if a won, 0.5 for a tie, 0.0 if b won; None if the verdict is unreadable."""
        return None if self.winner is None else _SCORES[self.winner]


class GameLog:
    """`games.jsonl` in a run's folder. It holds games of every source, each under its key."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG

    def read(self) -> dict[str, Game]:
        """Key → game, as last written. Raises UsageError with file and line for a malformed line."""
        games: dict[str, Game] = {}
        for number, values in read_lines(self.path, "a game") if self.path.is_file() else ():
            try:
                game = _from_json(values)
            except (TypeError, ValueError) as error:
                raise UsageError(
                    f"{self.path}:{number}: not a game: {error}. Delete the line, or the file"
                ) from error
            games[game.key] = game
        return games

    def append(self, game: Game) -> None:
        """Append one game. It survives the death of this process once the function returns."""
        append_line(self.path, asdict(game))


def game_key(data: TournamentData, sample: SampleKey, a: str, b: str, *source: str) -> str:
    """The key of a game: a hash of the sample, the players, their answers and scores, and `source`.

    `source` is what decides the game, such as `judge` with the judge's name, seed and prompt.
    """
    results = data.results[sample]
    answers = [[results[player].output, results[player].score] for player in (a, b)]
    return digest([sample.task, sample.sample_id, sample.hash, a, b, answers, *source])


def score_games(data: TournamentData) -> Iterator[Game]:
    """One game for every two players with a score on the same sample. The higher score wins, equal scores tie."""
    for sample, a, b in data.matchups():
        score_a, score_b = (data.results[sample][player].score for player in (a, b))
        if score_a is None or score_b is None:
            continue
        winner: Winner = "tie" if abs(score_a - score_b) < 1e-9 else "a" if score_a > score_b else "b"
        yield Game(
            key=game_key(data, sample, a, b, "scores"),
            source="scores",
            rater="",
            task=sample.task,
            sample_id=sample.sample_id,
            cluster=data.cluster(sample),
            a=a,
            b=b,
            winner=winner,
            explanation=f"{score_a:.6g} against {score_b:.6g}",
        )


def unplayed(data: TournamentData, games: Sequence[Game]) -> int:
    """How many matchups have no game."""
    return sum(1 for _ in data.matchups()) - len(games)


def game_results(games: Iterable[Game]) -> list[tuple[str, str, float]]:
    """(a, b, score) of the games that count."""
    return [(game.a, game.b, game.score) for game in games if game.score is not None]


def _from_json(values: Mapping[str, Any]) -> Game:
    names = {f.name for f in fields(Game)}
    game = Game(**{name: value for name, value in values.items() if name in names})
    if not (game.winner is None or game.winner in ("a", "b", "tie")):
        raise ValueError(f"winner is {game.winner!r:.60}; a, b, tie or null is needed")
    if wrong := [name for name in _TEXTS if not isinstance(getattr(game, name), str)]:
        raise ValueError(f"{wrong[0]} is {getattr(game, wrong[0])!r:.60}; a text is needed")
    if not isinstance(game.consistent, bool | None):
        raise ValueError(f"consistent is {game.consistent!r:.60}; true, false or null is needed")
    if game.votes is None:
        return game
    votes: object = game.votes
    if not (isinstance(votes, list | tuple) and len(votes) == 2 and all(isinstance(vote, str) for vote in votes)):
        raise ValueError(f"votes is {votes!r:.60}; a list of two texts is needed")
    return replace(game, votes=(votes[0], votes[1]))
