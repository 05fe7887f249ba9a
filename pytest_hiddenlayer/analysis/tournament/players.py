"""The results of each player on each sample, from the records of one or several runs.

Two players can play on a sample that both answered with the same prompt and target (the same
sample hash).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...identifiers import controlled
from ...results.log.run_log import read_records
from ...results.metrics.cells import by_cell
from ...types import Record
from ..answers import SampleKey, check_tasks, cluster_name, is_complete, prompt_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayerResult:
    """One player's result on one sample, over all epochs."""

    score: float | None  # headline score, mean over the scored epochs; None: not scored
    output: str | None  # of the first epoch with a complete answer; None: no such epoch
    question: str
    targets: tuple[str, ...]
    group: str | None  # the sample's cluster


@dataclass(frozen=True, kw_only=True, slots=True)
class TournamentData:
    """The results of all players, with notes on how they were selected."""

    runs: tuple[str, ...]
    players: tuple[str, ...]  # sorted
    results: Mapping[SampleKey, Mapping[str, PlayerResult]]  # sample → player → result
    by_key: Mapping[str, tuple[SampleKey, str]]  # record key → (sample, player)
    notes: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of all samples, sorted."""
        return tuple(sorted({sample.task for sample in self.results}))

    def matchups(self) -> Iterator[tuple[SampleKey, str, str]]:
        """(sample, player, player) for every two players with a result on the same sample, in sorted order."""
        for sample, results in self.results.items():
            yield from ((sample, a, b) for a, b in combinations(sorted(results), 2))

    def cluster(self, sample: SampleKey) -> str:
        """The unit that error bars resample: the sample, or its group if it has one."""
        group = next(iter(self.results[sample].values())).group
        return cluster_name(sample.task, sample.sample_id, group)


def read_tournament_data(folders: Sequence[Path], tasks: Sequence[str] = ()) -> TournamentData:
    """The players and results of these runs' folders, for these tasks or for all.

    If several runs answered the same item, the last of them counts. Raises UsageError for a run
    named twice, for an unknown task, and for fewer than two players.
    """
    _check_runs(folders)
    records = [record for folder in folders for record in read_records(folder) if controlled(record.label) is None]
    check_tasks(records, tasks, "these runs")
    selected = [record for record in records if not tasks or record.task in tasks]
    names = _player_names(selected)
    players = tuple(sorted(set(names.values())))
    if len(players) < 2:
        runs = ", ".join(folder.name for folder in folders)
        raise UsageError(
            f"a tournament needs two players; run {runs} has {players[0] if players else 'none'}. "
            "Run another --strategy or --provider, or name a second run"
        )
    results: dict[SampleKey, dict[str, PlayerResult]] = {}
    by_key: dict[str, tuple[SampleKey, str]] = {}
    for player, epochs in _epochs_by_player(selected, names):
        first = epochs[0]
        sample = SampleKey(task=first.task, sample_id=first.sample_id, hash=first.sample_hash)
        results.setdefault(sample, {})[player] = _result(epochs)
        by_key |= dict.fromkeys((record.key for record in epochs), (sample, player))
    return TournamentData(
        runs=tuple(folder.name for folder in folders),
        players=players,
        results=results,
        by_key=by_key,
        notes=tuple(_notes(selected, results)),
    )


def _check_runs(folders: Sequence[Path]) -> None:
    paths = [folder.resolve() for folder in folders]
    repeated = sorted({folder.name for folder, path in zip(folders, paths, strict=True) if paths.count(path) > 1})
    if repeated:
        raise UsageError(f"run {', '.join(repeated)} was named twice; name each run once")


def _player_names(records: Iterable[Record]) -> dict[tuple[str, str, str], str]:
    """(label, provider, full model name) → player. Two models with the same slug get their full names."""
    slugs: dict[tuple[str, str, str], str] = {}
    models: dict[tuple[str, str], set[str]] = {}
    for record in records:
        slugs[record.label, record.provider, record.model] = record.slug
        models.setdefault((record.provider, record.slug), set()).add(record.model)
    return {
        (label, provider, model): f"{label}@{provider}:{slug if len(models[provider, slug]) == 1 else model}"
        for (label, provider, model), slug in slugs.items()
    }


def _epochs_by_player(
    records: Sequence[Record], names: Mapping[tuple[str, str, str], str]
) -> Iterator[tuple[str, list[Record]]]:
    """(player, its epochs of one sample), sample by sample. Of an epoch answered twice, the last counts."""
    epochs: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for cell in by_cell(records).values():
        for record in cell:
            player = names[record.label, record.provider, record.model]
            epochs.setdefault((record.task, record.sample_id), {}).setdefault(player, []).append(record)
    for by_player in epochs.values():
        for player, answers in by_player.items():
            # If the sample's prompt changed between runs, only the epochs with the newest prompt count.
            yield player, [record for record in answers if record.sample_hash == answers[-1].sample_hash]


def _result(epochs: Sequence[Record]) -> PlayerResult:
    """The result of a player's epochs of one sample."""
    ordered = sorted(epochs, key=lambda record: record.epoch)
    scores = [record.score for record in ordered if record.score is not None]
    target = ordered[0].target
    return PlayerResult(
        score=round(sum(scores) / len(scores), 9) if scores else None,
        output=next((record.output for record in ordered if is_complete(record)), None),
        question=prompt_of(ordered[0]),
        targets=() if target is None else (target,) if isinstance(target, str) else tuple(target),
        group=ordered[0].group,
    )


def _notes(records: Sequence[Record], samples: Iterable[SampleKey]) -> Iterator[str]:
    """Which samples several runs answered, and which have another prompt in another run."""
    first_run: dict[tuple[Any, ...], str] = {}
    repeated = set()
    for record in records:
        item = (*record.cell, record.sample_id, record.epoch)
        if first_run.setdefault(item, record.run_id) != record.run_id:
            repeated.add((record.task, record.sample_id))
    if repeated:
        yield f"{len(repeated)} samples were answered by the same player in several runs; the last run named counts"
    ids = [(sample.task, sample.sample_id) for sample in samples]
    changed = len(ids) - len(set(ids))
    if changed:
        yield f"{changed} samples have another prompt or target in another run; games need equal prompts"
