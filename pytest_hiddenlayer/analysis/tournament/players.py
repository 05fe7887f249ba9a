"""Who can play on what: every player's answer to every sample, from the records of one or several runs.

A player is a strategy with a model, written `STRATEGY@PROVIDER:MODEL`. Two players meet on a
sample that both answered, with the same prompt and target (the same sample hash).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ...errors import UsageError, did_you_mean
from ...identifiers import controlled
from ...results.log.run_log import read_records
from ...results.metrics.cells import by_cell
from ...types import SCORED, Record


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleKey:
    """A sample as it was asked: what games are played on."""

    task: str
    sample_id: str
    hash: str

    def __str__(self) -> str:
        return f"{self.task}::{self.sample_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One player's answer to one sample."""

    score: float | None  # headline score, mean over the scored epochs; None: not scored
    output: str | None  # of the first epoch with a whole answer; None: there is none
    question: str
    targets: tuple[str, ...]
    group: str | None  # the sample's cluster


@dataclass(frozen=True, kw_only=True, slots=True)
class TournamentData:
    """All entries, and what people should know of how they came together."""

    runs: tuple[str, ...]
    players: tuple[str, ...]  # sorted
    entries: Mapping[SampleKey, Mapping[str, Entry]]
    by_key: Mapping[str, tuple[SampleKey, str]]  # a record's key → the sample and the player of it
    notes: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of all samples, sorted."""
        return tuple(sorted({spot.task for spot in self.entries}))

    def matchups(self) -> Iterator[tuple[SampleKey, str, str]]:
        """(sample, one player, another) for every two that answered the same sample, players in sorted order."""
        for spot, entries in self.entries.items():
            yield from ((spot, a, b) for a, b in combinations(sorted(entries), 2))

    def cluster(self, spot: SampleKey) -> str:
        """What error bars take as one: the sample, or its group where it has one."""
        group = next(iter(self.entries[spot].values())).group
        return f"{spot.task}::{spot.sample_id}" if group is None else f"{spot.task}::group {group}"


def read_field(folders: Sequence[Path], tasks: Sequence[str] = ()) -> TournamentData:
    """The players and entries of these runs' folders, of these tasks or of all.

    An item that several runs answered counts as the last of them answered it. Raises UsageError
    for a run named twice, an unknown task, and where fewer than two players are left.
    """
    _check_runs(folders)
    records = [record for folder in folders for record in read_records(folder) if controlled(record.label) is None]
    _check_tasks(records, tasks)
    chosen = [record for record in records if not tasks or record.task in tasks]
    names = _player_names(chosen)
    entries: dict[SampleKey, dict[str, Entry]] = {}
    by_key: dict[str, tuple[SampleKey, str]] = {}
    for found in _items(chosen, names):
        for player, answers in found.items():
            first = answers[0]
            spot = SampleKey(task=first.task, sample_id=first.sample_id, hash=first.sample_hash)
            entries.setdefault(spot, {})[player] = _entry(answers)
            by_key |= dict.fromkeys((answer.key for answer in answers), (spot, player))
    players = tuple(sorted(set(names.values())))
    if len(players) < 2:
        where = ", ".join(folder.name for folder in folders)
        raise UsageError(
            f"a tournament needs two players; run {where} has {players[0] if players else 'none'}. "
            "Run another --strategy or --provider, or name another run beside it"
        )
    return TournamentData(
        runs=tuple(folder.name for folder in folders),
        players=players,
        entries=entries,
        by_key=by_key,
        notes=tuple(_notes(chosen, entries)),
    )


def _check_runs(folders: Sequence[Path]) -> None:
    places = [folder.resolve() for folder in folders]
    doubled = sorted({folder.name for folder, place in zip(folders, places, strict=True) if places.count(place) > 1})
    if doubled:
        raise UsageError(f"run {', '.join(doubled)} was named twice; name each run once")


def _check_tasks(records: Iterable[Record], tasks: Sequence[str]) -> None:
    known = {record.task for record in records}
    for task in tasks:
        if task not in known:
            raise UsageError(
                f"--task {task!r}: no such task in these runs{did_you_mean(task, known)} "
                f"(there are {', '.join(sorted(known)) or 'none'})"
            )


def _player_names(records: Iterable[Record]) -> dict[tuple[str, str, str], str]:
    """(label, provider, full model) → player; two models of one slug go by their full names."""
    full: dict[tuple[str, str, str], str] = {}
    models: dict[tuple[str, str], set[str]] = {}
    for record in records:
        full[record.label, record.provider, record.model] = record.slug
        models.setdefault((record.provider, record.slug), set()).add(record.model)
    return {
        (label, provider, model): f"{label}@{provider}:{slug if len(models[provider, slug]) == 1 else model}"
        for (label, provider, model), slug in full.items()
    }


def _items(records: Sequence[Record], names: Mapping[tuple[str, str, str], str]) -> Iterator[dict[str, list[Record]]]:
    """Player → its epochs of one sample, sample by sample; of an epoch answered twice the last counts."""
    found: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for cell in by_cell(records).values():
        for record in cell:
            player = names[record.label, record.provider, record.model]
            found.setdefault((record.task, record.sample_id), {}).setdefault(player, []).append(record)
    for players in found.values():
        # A sample whose prompt changed between runs: each epoch of a player must be of its newest prompt.
        yield {player: [r for r in rs if r.sample_hash == rs[-1].sample_hash] for player, rs in players.items()}


def _entry(answers: Sequence[Record]) -> Entry:
    ordered = sorted(answers, key=lambda record: record.epoch)
    scores = [record.score for record in ordered if record.score is not None]
    whole = (r.output for r in ordered if r.outcome in SCORED | {"unscored"} and r.output)
    target = ordered[0].target
    return Entry(
        score=round(sum(scores) / len(scores), 9) if scores else None,
        output=next(whole, None),
        question=_text(ordered[0].input),
        targets=() if target is None else (target,) if isinstance(target, str) else tuple(target),
        group=ordered[0].group,
    )


def _text(asked: Any) -> str:
    """The sample's input as one text."""
    if isinstance(asked, str):
        return asked
    return "\n".join(f"{message['role']}: {message['content']}" for message in asked)


def _notes(records: Sequence[Record], entries: Mapping[SampleKey, Mapping[str, Entry]]) -> Iterator[str]:
    seen: dict[tuple[Any, ...], str] = {}
    again = set()
    for record in records:
        item = (*record.cell, record.sample_id, record.epoch)
        if seen.setdefault(item, record.run_id) != record.run_id:
            again.add((record.task, record.sample_id))
    if again:
        yield f"{len(again)} samples were answered by the same player in several runs; the last run named counts"
    ids = [(spot.task, spot.sample_id) for spot in entries]
    changed = len(ids) - len(set(ids))
    if changed:
        yield f"{changed} samples have another prompt or target in another run; players meet on equal prompts only"
