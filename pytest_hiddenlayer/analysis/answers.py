"""Players' answers to samples. A player is a strategy with a model: `strategy label@provider:model slug`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..errors import UsageError, did_you_mean
from ..identifiers import controlled
from ..results.log.run_log import read_records
from ..results.metrics.cells import by_cell
from ..scorers.judge.prompt_fields import question_text
from ..types import SCORED, Message, Record

AnswerId: TypeAlias = tuple[str, str, str]
"""(player, run id, record key)."""
Winner: TypeAlias = Literal["a", "b", "tie"]
_SWAPPED: dict[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleKey:
    """A sample with the hash of its prompt and target. Answers are comparable if their keys are equal."""

    task: str
    sample_id: str
    hash: str

    def __str__(self) -> str:
        return f"{self.task}::{self.sample_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayerAnswer:
    """One player's answer to one sample, in one epoch."""

    player: str
    run_id: str
    record: Record

    @property
    def output(self) -> str:
        """The complete text; never empty."""
        return self.record.output or ""

    @property
    def sample(self) -> tuple[str, str]:
        """(task, sample id)."""
        return self.record.task, self.record.sample_id

    @property
    def sample_key(self) -> SampleKey:
        """The sample with its hash."""
        return SampleKey(task=self.record.task, sample_id=self.record.sample_id, hash=self.record.sample_hash)

    @property
    def id(self) -> AnswerId:
        """The identity of this answer among all answers."""
        return self.player, self.run_id, self.record.key


def read_answers(folder: Path, tasks: Sequence[str] = ()) -> list[PlayerAnswer]:
    """Each player's first complete answer to each sample, by epoch. Control samples are left out.

    `tasks` selects tasks; empty selects all. Raises UsageError for a task that the run does not have.
    """
    records = [record for record in read_records(folder) if controlled(record.label) is None]
    check_tasks(records, tasks, folder.name)
    selected = [record for record in records if not tasks or record.task in tasks]
    return [
        PlayerAnswer(player=player_of(record), run_id=record.run_id, record=record)
        for cell in by_cell(selected).values()
        for record in _first_complete(cell)
    ]


def check_tasks(records: Iterable[Record], tasks: Sequence[str], where: str) -> None:
    """Raise UsageError for a task without a record; `where` names the runs in the message."""
    recorded = {record.task for record in records}
    for task in tasks:
        if task not in recorded:
            available = ", ".join(sorted(recorded)) or "none"
            raise UsageError(f"--task {task!r}: no such task in {where}{did_you_mean(task, recorded)} ({available})")


def player_of(record: Record) -> str:
    """`strategy label@provider:model slug`, such as `debate@mlx:nano-1`."""
    return f"{record.label}@{record.provider}:{record.slug}"


def is_complete(record: Record) -> bool:
    """Whether the record has an answer that is neither failed, cut off, refused nor empty."""
    return record.outcome in SCORED | {"unscored"} and bool((record.output or "").strip())


def prompt_of(record: Record) -> str:
    """What the model was asked, as one text: the prompt as rendered, with the choices.

    Records of earlier versions may lack the prompt; then it is the sample's input.
    """
    return question_text(messages_of(record.prompt or record.input), record.choices)


def messages_of(value: Any) -> tuple[Message, ...]:
    """The messages of a record's prompt or input."""
    if isinstance(value, str):
        return (Message(role="user", content=value),)
    return tuple(Message(role=message["role"], content=message["content"]) for message in value)


def cluster_name(task: str, sample_id: str, group: str | None) -> str:
    """The unit that error bars resample: the sample, or its group if it has one."""
    return f"{task}::{sample_id}" if group is None else f"{task}::group {group}"


def swapped(winner: Winner) -> Winner:
    """The winner after `a` and `b` change places."""
    return _SWAPPED[winner]


def _first_complete(cell: Iterable[Record]) -> Iterator[Record]:
    """The first complete answer to each sample."""
    answered: set[str] = set()
    for record in sorted(cell, key=lambda record: record.epoch):
        if is_complete(record) and record.sample_id not in answered:
            answered.add(record.sample_id)
            yield record
