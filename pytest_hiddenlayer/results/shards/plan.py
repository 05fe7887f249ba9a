"""Divides the samples of a run into shards: the same division on every machine, balanced, and stable.

A unit is what stays together: all epochs of one sample in one cell. Each unit has its own order of the
shards, by rendezvous hashing (Thaler & Ravishankar 1998), and goes to the first one that has space left, where no
shard holds more than its share of the weight (consistent hashing with bounded loads, Mirrokni et al. 2018,
arXiv:1608.01350). Heavy units are placed first. So a new sample moves few others.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ...errors import UsageError
from ...options import Shard
from ..log.run_log import read_records

Unit: TypeAlias = tuple[str, ...]
"""(task, strategy label, provider, model slug, sample id), or one text for a test that is no eval."""

_MASK = 2**64 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardPlan:
    """The division of a run, as one shard sees it."""

    shard: Shard
    units: frozenset[Unit]  # of this shard
    digest: str  # of all units, and of how they were divided
    n_all_units: int  # of all shards


def plan_shard(shard: Shard, units: Iterable[Unit], weights: Path | None) -> ShardPlan:
    """Returns the units of a shard; `weights` is the folder of a run.

    Raises UsageError if there are fewer units than shards.
    """
    weighed = weigh(units, weights)
    assigned = assign(weighed, shard.of)
    mine = frozenset(unit for unit, index in assigned.items() if index == shard.index)
    return ShardPlan(shard=shard, units=mine, digest=plan_digest(weighed, shard.of), n_all_units=len(weighed))


def assign(weights: Mapping[Unit, float], of: int) -> dict[Unit, int]:
    """Returns the shard, from 1 to `of`, of each unit. The order of `weights` does not matter.

    Raises UsageError if there are fewer units than shards.
    """
    if len(weights) < of:
        raise UsageError(f"--hl-shard: {len(weights):,} samples cannot make {of:,} shards; use fewer")
    hashes = {unit: _hash(unit) for unit in weights}
    share = sum(weights.values()) / of
    loads = [0.0] * of
    shards = {}
    for unit in sorted(weights, key=lambda unit: (-weights[unit], hashes[unit], unit)):
        weight, preferred = weights[unit], _preferred(hashes[unit], of)
        fitting = (shard for shard in preferred if loads[shard] + weight <= share * (1 + 1e-9))
        shard = next(fitting, None)
        if shard is None:  # it fits nowhere: to the least loaded one
            shard = min(preferred, key=loads.__getitem__)
        loads[shard] += weight
        shards[unit] = shard + 1
    return _without_empty(shards, hashes, of)


def _without_empty(shards: dict[Unit, int], hashes: Mapping[Unit, int], of: int) -> dict[Unit, int]:
    """The shards, each with at least one unit: a few heavy units may leave one without."""
    for empty in sorted(set(range(1, of + 1)) - set(shards.values())):
        fullest, _ = Counter(shards.values()).most_common(1)[0]
        moved = min((unit for unit, shard in shards.items() if shard == fullest), key=lambda unit: hashes[unit])
        shards[moved] = empty
    return shards


def weigh(units: Iterable[Unit], folder: Path | None) -> dict[Unit, float]:
    """Returns the seconds that each unit took in the run in `folder`; without a run, 1 for each.

    A unit that the run does not have weighs as the median of its cell, else as the median of all. Raises
    UsageError if the run has no readable log.
    """
    units = list(units)
    seconds = {} if folder is None else _seconds(folder)
    if not seconds:
        return dict.fromkeys(units, 1.0)
    by_cell: dict[Unit, list[float]] = {}
    for unit, value in seconds.items():
        by_cell.setdefault(unit[:-1], []).append(value)
    medians = {cell: statistics.median(values) for cell, values in by_cell.items()}
    usual = statistics.median(seconds.values())
    return {unit: seconds.get(unit, medians.get(unit[:-1], usual)) for unit in units}


def plan_digest(weights: Mapping[Unit, float], of: int) -> str:
    """Returns a digest that two shards share if they were cut from the same samples in the same way."""
    digest = hashlib.sha256(str(of).encode())
    for unit in sorted(weights):
        digest.update(repr((unit, round(weights[unit], 9))).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:16]


def _seconds(folder: Path) -> dict[Unit, float]:
    seconds: dict[Unit, float] = {}
    for record in read_records(folder):
        if record.outcome not in ("error", "skipped") and not record.cached:
            unit = (*record.cell, record.sample_id)
            seconds[unit] = seconds.get(unit, 0.0) + record.latency_s
    return {unit: value for unit, value in seconds.items() if value > 0}


def _preferred(unit_hash: int, of: int) -> list[int]:
    """The shards from 0, in the unit's own order."""
    return sorted(range(of), key=lambda shard: _mixed(unit_hash ^ (shard * 0x9E3779B97F4A7C15 & _MASK)))


def _mixed(value: int) -> int:
    """A well-mixed 64-bit number: the finalizer of SplitMix64 (Steele et al. 2014)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _hash(unit: Unit) -> int:
    text = "\0".join(unit).encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
