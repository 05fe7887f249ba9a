"""Games that people decided, from a file of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...identifiers import digest
from ..annotation.labels import Label, read_labels
from ..answers import SampleKey, swapped
from .games import Game
from .players import TournamentData


def label_games(data: TournamentData, file: Path) -> tuple[list[Game], list[str]]:
    """(games, notes): one game per pairwise label on two answers of `data` to the same sample.

    A label belongs to the answers that were shown (their record keys); a label on an older answer is
    left out. If one rater labelled the same pair and sample several times, the last label counts.
    Raises what `read_labels` raises.
    """
    labels = read_labels(file)
    pairwise = [label for label in labels if label.kind == "pairwise"]
    games: dict[tuple[str, ...], Game] = {}
    outside = repeated = 0
    for label in pairwise:
        matchup = _matchup(data, label)
        if matchup is None:
            outside += 1
            continue
        game = _game(data, label, *matchup)
        question = (game.task, game.sample_id, game.a, game.b, game.rater)
        repeated += question in games
        games[question] = game
    notes = _notes(data, pairwise, len(labels) - len(pairwise), outside, repeated)
    return list(games.values()), notes if labels else [f"{file} holds no label"]


def _matchup(data: TournamentData, label: Label) -> tuple[SampleKey, str, str] | None:
    """(sample, player of a, player of b); None if an answer is not in `data`, or both are of one player."""
    a, b = data.by_key.get(label.key_a), data.by_key.get(label.key_b or "")
    if a is None or b is None or a[0] != b[0] or a[1] == b[1]:
        return None
    return (*a, b[1])


def _game(data: TournamentData, label: Label, sample: SampleKey, player_a: str, player_b: str) -> Game:
    """The game of a label, with its players in sorted order as in every game."""
    a, b = sorted((player_a, player_b))
    winner = label.winner if a == player_a or label.winner is None else swapped(label.winner)
    return Game(
        key=digest([sample.task, sample.sample_id, sample.hash, a, b, "labels", label.rater, winner]),
        source="labels",
        rater=label.rater,
        task=sample.task,
        sample_id=sample.sample_id,
        cluster=data.cluster(sample),
        a=a,
        b=b,
        winner=winner,
    )


def _notes(data: TournamentData, labels: Sequence[Label], ratings: int, outside: int, repeated: int) -> list[str]:
    notes = []
    if repeated:
        notes.append(f"{repeated} labels repeat a pair that the same rater had labelled; the later one counts")
    if outside:
        unknown = sorted({player for label in labels for player in (label.a, label.b) if player} - set(data.players))
        names = f" (not in these runs: {', '.join(unknown[:5])})" if unknown else ""
        notes.append(f"{outside} of {len(labels)} labels are on answers of other runs and left out{names}")
    if ratings:
        notes.append(f"{ratings} labels are ratings, which decide no game")
    return notes
