"""Joins the shards of one run: checks that they belong together, and reads their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from ...errors import UsageError
from ...types import Record
from ..cell_config import CellConfig
from ..log.record_file import has_records
from ..log.run_log import read_records
from .manifest import ShardManifest, read_shard

_OF_THE_SHARD = ("selected", "answers", "gate_id", "gate_deselected")
"""Fields of a cell that may differ from shard to shard."""
MERGED_FROM = "merged_from"
"""Key of `Record.answer_metadata`: id of the shard's run in which the answer was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinedShards:
    """Shards of one run that belong together."""

    shards: tuple[ShardManifest, ...]  # by index
    missing: tuple[int, ...]  # indexes of the shards that were not given
    cells: tuple[CellConfig, ...]  # with the samples of all given shards

    @property
    def of(self) -> int:
        """How many shards the run has."""
        return self.shards[0].shard.of

    def missing_message(self) -> str | None:
        """Returns a sentence on the shards that are missing; None if there are none."""
        if not self.missing:
            return None
        first = self.shards[0]
        absent = first.n_all_units - sum(shard.n_units for shard in self.shards)
        numbers = ", ".join(map(str, self.missing))
        return (
            f"{'shard' if len(self.missing) == 1 else 'shards'} {numbers} of {self.of} "
            f"{'is' if len(self.missing) == 1 else 'are'} missing, with {absent:,} of {first.n_all_units:,} samples: "
            "no gate is judged; add the folders of their runs"
        )


def join_shards(folders: Sequence[Path]) -> JoinedShards:
    """Returns the shards in these folders. Raises UsageError if they are not parts of one run."""
    if not folders:
        raise UsageError("no run to merge; name the folders of the runs that were made with --shard K/N")
    shards = sorted((read_shard(folder) for folder in folders), key=lambda shard: shard.shard.index)
    _refuse_repeated(shards)
    first = shards[0]
    for other in shards[1:]:
        _refuse_different(first, other)
    given = {shard.shard.index for shard in shards}
    return JoinedShards(
        shards=tuple(shards),
        missing=tuple(index for index in range(1, first.shard.of + 1) if index not in given),
        cells=_joined_cells(shards),
    )


def read_shard_records(joined: JoinedShards, run_id: str) -> Iterator[Record]:
    """Yields the records of all shards as those of the run `run_id`, each case once.

    An answer takes precedence over a record without one. Raises UsageError for a damaged log, or one that
    has answers of another part of the run.
    """
    for shard in joined.shards:
        if not has_records(shard.folder):
            continue  # it was killed before its first answer
        for record in _each_case_once(shard):
            metadata = {MERGED_FROM: record.run_id, **record.answer_metadata}
            yield replace(record, run_id=run_id, answer_metadata=metadata)


def _each_case_once(shard: ShardManifest) -> list[Record]:
    found: dict[tuple[object, ...], Record] = {}
    for record in read_records(shard.folder):
        case = (*record.cell, record.sample_id, record.epoch)
        if case not in found or found[case].outcome in ("error", "skipped"):
            found[case] = record
    return list(found.values())


def not_answered(config: CellConfig, records: Sequence[Record], shards: Sequence[ShardManifest]) -> Counter[str]:
    """Returns reason → selected answers of a cell without a record, because a shard was stopped early."""
    answered = Counter(record.sample_id for record in records)
    reasons: Counter[str] = Counter()
    for shard in shards:
        cell = next((cell for cell in shard.cells if cell.key == config.key), None)
        if cell is not None:
            lacking = cell.selected_answers - sum(answered[name] for name in cell.selected)
            if lacking > 0:
                reasons[f"shard {shard.shard} did not finish"] += lacking
    return reasons


def _refuse_repeated(shards: Sequence[ShardManifest]) -> None:
    for one, two in pairwise(shards):
        if one.shard.index == two.shard.index and one.shard.of == two.shard.of:
            same = "the same run" if one.run_id == two.run_id else f"{one.folder} and {two.folder}"
            raise UsageError(f"shard {one.shard} was given twice: {same}; leave one out")


def _refuse_different(first: ShardManifest, other: ShardManifest) -> None:
    """Raise UsageError if two shards were not cut from one run."""
    differing = _difference(first, other)
    if differing is not None:
        raise UsageError(
            f"{other.folder} (shard {other.shard}) is no part of the same run as {first.folder} "
            f"(shard {first.shard}): {differing}; merge shards of one commit and one command"
        )


def _difference(first: ShardManifest, other: ShardManifest) -> str | None:
    if first.shard.of != other.shard.of:
        return f"one run has {first.shard.of} shards, the other {other.shard.of}"
    if first.commit != other.commit:
        return f"their commits are {first.commit or 'unknown'} and {other.commit or 'unknown'}"
    configs = {cell.key: cell for cell in first.cells}
    for cell in other.cells:
        mine = configs.get(cell.key)
        if mine is not None and (name := _differing_field(mine, cell)) is not None:
            task = f"{cell.task}[{cell.params}]"
            return f"{name} of {task} is {getattr(mine, name)!r} in one and {getattr(cell, name)!r} in the other"
    if first.plan != other.plan:
        return "they were cut from different samples, or with different --shard-weights"
    return None


def _differing_field(one: CellConfig, two: CellConfig) -> str | None:
    for name in CellConfig.__slots__:
        if name not in _OF_THE_SHARD and _plain(getattr(one, name)) != _plain(getattr(two, name)):
            return name
    return None


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _joined_cells(shards: Sequence[ShardManifest]) -> tuple[CellConfig, ...]:
    joined: dict[tuple[str, ...], CellConfig] = {}
    for shard in shards:
        for cell in shard.cells:
            known = joined.get(cell.key)
            if known is None:
                joined[cell.key] = cell
            else:
                joined[cell.key] = replace(
                    known,
                    selected=(*known.selected, *cell.selected),
                    must_pass=(*known.must_pass, *cell.must_pass),
                    answers=known.selected_answers + cell.selected_answers,
                )
    return tuple(joined.values())
