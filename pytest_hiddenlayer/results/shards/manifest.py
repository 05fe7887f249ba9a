"""What `run.json` says of a shard: which part it is, how the run was divided, and its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ...errors import UsageError
from ...extensions.secret_masking import mask_secrets
from ...io.json_text import decode_json
from ...io.places import read_bytes, read_text
from ...options import Shard
from ..cell_config import CellConfig
from ..log.record_file import check_manifest
from ..log.run_log import MANIFEST, RunLog
from .plan import ShardPlan

KEY = "shard"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardManifest:
    """One shard's part of a run."""

    folder: Path
    run_id: str
    commit: str | None  # of git; None: unknown
    dirty: bool  # whether files differed from the commit
    complete: bool  # it was not stopped early
    shard: Shard
    plan: str  # digest of all samples and of how they were divided
    n_units: int  # samples of all cells of this shard
    n_all_units: int  # of all shards
    options: Mapping[str, Any]  # as typed
    cells: tuple[CellConfig, ...]


def write_shard(run_log: RunLog, plan: ShardPlan, typed: Mapping[str, Any], cells: Iterable[CellConfig]) -> None:
    """Write `run.json` with the shard's part, before anything is asked: so a shard that is killed can be merged."""
    run_log.facts[KEY] = {
        "index": plan.shard.index,
        "of": plan.shard.of,
        "plan": plan.digest,
        "units": len(plan.units),
        "all_units": plan.n_all_units,
        "options": {name: _masked(value) for name, value in typed.items()},
        "cells": [asdict(cell) for cell in cells if cell.selected or cell.gate_id is not None],
    }
    run_log.open()


def is_shard(folder: Path) -> bool:
    """Whether the run in a folder says that it is a shard."""
    try:
        return KEY in decode_json(read_bytes(folder / MANIFEST))
    except (OSError, ValueError, TypeError):
        return False


def read_shard(folder: Path) -> ShardManifest:
    """Returns the shard in a run's folder. Raises UsageError if the run is not a shard, or cannot be read."""
    check_manifest(folder)
    path = folder / MANIFEST
    try:
        values = decode_json(read_text(path))
        part = values[KEY] if isinstance(values, dict) and KEY in values else None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); name the folder of a run with --shard") from error
    if part is None:
        raise UsageError(f"{folder}: this run is no shard; name runs that were made with --shard K/N")
    try:
        return _parsed(folder, values, part)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: the part `shard` is damaged ({error!r}); run this shard again") from error


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_secrets(value)
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value


def _parsed(folder: Path, values: Mapping[str, Any], part: Mapping[str, Any]) -> ShardManifest:
    git = values.get("git") or {}
    return ShardManifest(
        folder=folder,
        run_id=str(values["run_id"]),
        commit=git.get("commit"),
        dirty=bool(git.get("dirty")),
        complete=values.get("complete") is True,
        shard=Shard(index=int(part["index"]), of=int(part["of"])),
        plan=str(part["plan"]),
        n_units=int(part["units"]),
        n_all_units=int(part["all_units"]),
        options=dict(part["options"]),
        cells=tuple(_cell(cell) for cell in part["cells"]),
    )


def _cell(values: Mapping[str, Any]) -> CellConfig:
    known = {field.name for field in fields(CellConfig)}
    if unknown := values.keys() - known:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    return TypeAdapter(CellConfig).validate_python(dict(values))
