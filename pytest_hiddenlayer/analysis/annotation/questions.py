"""Blind questions about the answers of a run: pairs of answers to one sample, or single ones to rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import UsageError, did_you_mean
from ...identifiers import controlled, derive_seed
from ...results.log.run_log import read_records
from ...results.metrics.cells import by_cell
from ...types import SCORED, Record
from .labels import Kind, player_of, question_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One player's answer to one sample."""

    player: str
    run_id: str
    record: Record

    @property
    def output(self) -> str:
        """The whole text; never empty."""
        return self.record.output or ""

    @property
    def spot(self) -> tuple[str, str]:
        """(task, sample id)."""
        return self.record.task, self.record.sample_id

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from every other answer."""
        return self.player, self.run_id, self.record.key


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question; whoever answers it sees the texts only."""

    kind: Kind
    a: Side
    b: Side | None = None
    shown: Literal["ab", "ba"] = "ab"
    scale: tuple[int, int] | None = None

    @property
    def prompt(self) -> str:
        """What the sample asked, as one text."""
        return text_of(self.a.record.input)

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers in the order in which they are shown."""
        if self.b is None:
            return (self.a.output,)
        return (self.a.output, self.b.output) if self.shown == "ab" else (self.b.output, self.a.output)

    def by(self, rater: str) -> tuple[object, ...]:
        """The same as the `question` of the label that answers it."""
        return question_of(self.kind, *self.a.spot, rater, self.scale, self.a.name, self.b.name if self.b else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """Two answers to the same sample each, and what is no question."""

    pairs: tuple[tuple[Side, Side], ...]
    equal: int = 0  # pairs of the same text
    changed: int = 0  # pairs whose prompt or target differs
    alone: int = 0  # samples that only one of the two has a whole answer to


def read_sides(folder: Path, tasks: Sequence[str] = ()) -> list[Side]:
    """Every player's answer to every sample: of the first epoch with a whole one, draws under equal budget apart.

    Raises UsageError for a task that the run has not.
    """
    records = [r for r in read_records(folder) if controlled(r.label) is None]
    known = {record.task for record in records}
    for task in tasks:
        if task not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"--task {task!r}: no such task in {folder.name}{did_you_mean(task, known)} ({there})")
    chosen = [record for record in records if not tasks or record.task in tasks]
    return [
        Side(player=player_of(record), run_id=record.run_id, record=record)
        for cell in by_cell(chosen).values()
        for record in _whole(cell)
    ]


def pairs(first: Sequence[Side], second: Sequence[Side] | None, players: Sequence[str] = ()) -> Pairs:
    """The pairs of two players, task by task: of one run, or one side of each run.

    Without `players` a task must have exactly two of them (one a run). Raises UsageError that
    lists them where it is not clear whom to compare, or nobody can be compared.
    """
    _check_players(players, [*first, *(second or ())])
    found: list[tuple[Side, Side]] = []
    alone = 0
    for task in dict.fromkeys(side.spot[0] for side in first):
        sides = [_of_task(run, task) for run in (first, second) if run is not None]
        both = _two(sides, task, players)
        if both is not None:
            one, other = ({side.spot: side for side in side_of} for side_of in both)
            found.extend((side, other[spot]) for spot, side in one.items() if spot in other)
            alone += len(one.keys() ^ other.keys())
    if not found:
        raise UsageError(_nobody([*first, *(second or ())], players, two_runs=second is not None))
    same = [(a, b) for a, b in found if a.record.sample_hash == b.record.sample_hash]
    differing = [(a, b) for a, b in same if a.output.strip() != b.output.strip()]
    return Pairs(
        pairs=tuple(differing), equal=len(same) - len(differing), changed=len(found) - len(same), alone=alone
    )


def pair_questions(found: Pairs, *, rater: str, seed: int = 0) -> list[Question]:
    """The pairs as questions. Their order is the same for everybody, the order of the two answers is not."""
    made = []
    for pair in found.pairs:
        a, b = sorted(pair, key=lambda side: side.name)
        turned = derive_seed(seed, rater, a.name, b.name) % 2
        made.append(Question(kind="pairwise", a=a, b=b, shown="ba" if turned else "ab"))
    return _shuffled(made, seed)


def rating_questions(
    sides: Sequence[Side], scale: tuple[int, int], players: Sequence[str] = (), *, seed: int = 0
) -> list[Question]:
    """One question an answer of these players, or of all. Raises UsageError for an unknown player."""
    _check_players(players, sides)
    chosen = [side for side in sides if not players or side.player in players]
    return _shuffled([Question(kind="rating", a=side, scale=scale) for side in chosen], seed)


def text_of(asked: Any) -> str:
    """A sample's input as one text."""
    if isinstance(asked, str):
        return asked
    return "\n".join(f"{message['role']}: {message['content']}" for message in asked)


def _whole(cell: Iterable[Record]) -> Iterator[Record]:
    """The first whole answer to each sample."""
    seen: set[str] = set()
    for record in sorted(cell, key=lambda record: record.epoch):
        whole = record.outcome in SCORED | {"unscored"} and (record.output or "").strip()
        if whole and record.sample_id not in seen:
            seen.add(record.sample_id)
            yield record


def _of_task(sides: Iterable[Side], task: str) -> dict[str, list[Side]]:
    """Player → its answers to the task's samples."""
    found: dict[str, list[Side]] = {}
    for side in sides:
        if side.spot[0] == task:
            found.setdefault(side.player, []).append(side)
    return found


def _two(
    sides: Sequence[Mapping[str, list[Side]]], task: str, players: Sequence[str]
) -> tuple[list[Side], list[Side]] | None:
    """The two players' answers to a task; None where it has not both."""
    left, right = sides[0], sides[-1]
    if players:
        for one, other in (players, players[::-1]):
            if one in left and other in right:
                return left[one], right[other]
        return None
    if len(sides) == 1:
        if len(left) > 2:
            raise UsageError(f"task {task!r} has {len(left)} players: choose two: {_players_option(left)}")
        return (*left.values(),) if len(left) == 2 else None  # type: ignore[return-value]
    if len(left) > 1 or len(right) > 1:
        raise UsageError(
            f"task {task!r} has {len(left)} players in the one run and {len(right)} in the other: "
            f"choose one of each: {_players_option({**left, **right})}"
        )
    return (next(iter(left.values())), next(iter(right.values()))) if left and right else None


def _players_option(names: Iterable[str]) -> str:
    return f"--players A B, of {', '.join(sorted(names)) or 'none'}"


def _check_players(players: Sequence[str], sides: Iterable[Side]) -> None:
    known = sorted({side.player for side in sides})
    for name in players:
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"--players: no answers of {name!r}{did_you_mean(name, known)} (there are {there})")


def _nobody(sides: Iterable[Side], players: Sequence[str], *, two_runs: bool) -> str:
    known = ", ".join(sorted({side.player for side in sides})) or "none"
    if players:
        return f"--players {' '.join(players)}: no sample was answered by both; the players are {known}"
    if two_runs:
        return f"the two runs have no sample in common; the players are {known}"
    return f"two players of one task are needed, this run has {known}: run another --strategy, or name a second run"


def _shuffled(questions: Iterable[Question], seed: int) -> list[Question]:
    """In an order that tells nothing, and that is everybody's: raters who stop early have answered the same ones."""
    return sorted(questions, key=lambda q: derive_seed(seed, *q.a.spot, q.a.name, q.b and q.b.name))
