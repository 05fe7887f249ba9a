"""Games that people decided, from a file of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...identifiers import digest
from ..annotation.labels import Label, read_labels
from .games import Game, Winner
from .players import SampleKey, TournamentData

_TURNED: dict[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}


def label_games(field: TournamentData, file: Path) -> tuple[list[Game], list[str]]:
    """(games, notes): a game for every pairwise label on two answers of the field to the same sample.

    A label belongs to the answers that were shown (the records' keys): one on an older answer
    is left out. Of several labels of one rater on a pair and sample the last counts. Raises
    what reading the file raises.
    """
    labels = read_labels(file)
    pairwise = [label for label in labels if label.kind == "pairwise"]
    found: dict[tuple[str, ...], Game] = {}
    outside = again = 0
    for label in pairwise:
        sides = _sides(field, label)
        if sides is None:
            outside += 1
            continue
        game = _game(field, label, *sides)
        question = (game.task, game.sample_id, game.a, game.b, game.rater)
        again += question in found
        found[question] = game
    return list(found.values()), _notes(field, pairwise, len(labels) - len(pairwise), outside, again)


def _sides(field: TournamentData, label: Label) -> tuple[SampleKey, str, str] | None:
    """The sample and the two players; None where an answer is not the field's, or both are of one player."""
    one, other = field.by_key.get(label.key_a), field.by_key.get(label.key_b or "")
    if one is None or other is None or one[0] != other[0] or one[1] == other[1]:
        return None
    return (*one, other[1])


def _game(field: TournamentData, label: Label, spot: SampleKey, one: str, other: str) -> Game:
    a, b = sorted((one, other))
    winner = label.winner if a == one or label.winner is None else _TURNED[label.winner]
    return Game(
        key=digest([spot.task, spot.sample_id, spot.hash, a, b, "labels", label.rater, winner]),
        source="labels",
        rater=label.rater,
        task=spot.task,
        sample_id=spot.sample_id,
        cluster=field.cluster(spot),
        a=a,
        b=b,
        winner=winner,
    )


def _notes(field: TournamentData, labels: Sequence[Label], ratings: int, outside: int, again: int) -> list[str]:
    notes = []
    if again:
        notes.append(f"{again} labels repeat a pair that the same rater had labelled; the later one counts")
    if outside:
        strangers = sorted({name for label in labels for name in (label.a, label.b) if name} - set(field.players))
        named = f" (not in these runs: {', '.join(strangers[:5])})" if strangers else ""
        notes.append(f"{outside} of {len(labels)} labels are on answers of other runs and left out{named}")
    if ratings:
        notes.append(f"{ratings} labels are ratings, which decide no game")
    return notes
