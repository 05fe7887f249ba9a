"""Joins the runs of all shards into one run, with its gates, snapshots and report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..api import run_options
from ..errors import UsageError
from ..identifiers import controlled
from ..io.writable import reason
from ..options import RunOptions
from ..project import Project
from ..results.cell_config import CellConfig
from ..results.log.lean_records import without_texts
from ..results.metrics.cells import by_cell
from ..results.shards.join import JoinedShards, join_shards, not_answered, read_shard_records
from ..session.conclusion import conclude
from ..session.eval_run import EvalRun
from ..session.session import Session
from ..types import Record

FROM_SHARDS = ("gate", "gate-underpowered", "match", "baseline", "strict", "equal-budget", "seed")
"""Options that the merged run takes from its shards, unless they are written for it."""
_AT_ONCE = 1000  # records written at once


def merge_runs(
    folders: Sequence[Path],
    project: Project,
    written: Mapping[str, Any],
    *,
    updating: bool = False,
    command: Sequence[str] = (),
) -> EvalRun:
    """Return the joined run of the shards in these folders, concluded as if one process had answered everything.

    Gates are judged only if every shard is there. An answer that a shard did not finish counts as not run.
    Raises UsageError if the folders are not shards of one run; nothing is written then.
    """
    joined = join_shards(folders)
    session = Session(
        options=_options(joined, project, written),
        root=project.root,
        cwd=project.cwd,
        command=command,
        updating=updating and not joined.missing,
        configs={cell.key: _gated(cell, joined) for cell in joined.cells},
    )
    session.check()
    session.check_writable()
    run = EvalRun(session=session)
    _add_records(session, joined)
    if (missing := joined.missing_message()) is not None:
        run.errors.append(UsageError(missing))
    session.complete = not joined.missing and all(shard.complete for shard in joined.shards)
    conclude(session, gated=not joined.missing)
    session.close()
    return run


def _options(joined: JoinedShards, project: Project, written: Mapping[str, Any]) -> RunOptions:
    """The options of the shards that a merge needs; paths among them start in the folder of the merge."""
    first = joined.shards[0].options
    kept = {name: first[name] for name in FROM_SHARDS if name in first}
    return replace(run_options(project, {**kept, **written}), shard=None, resume=None, probe=(), live=False)


def _gated(cell: CellConfig, joined: JoinedShards) -> CellConfig:
    """The cell; without its gate if samples may be missing."""
    return replace(cell, gate_id=None) if joined.missing else cell


def _add_records(session: Session, joined: JoinedShards) -> None:
    session.run_log.facts["merged_from"] = [
        {"run_id": shard.run_id, "shard": str(shard.shard), "complete": shard.complete} for shard in joined.shards
    ]
    session.run_log.open()
    records = read_shard_records(joined, session.run_id)
    while chunk := list(islice(records, _AT_ONCE)):
        _write(session, chunk)
        for record in chunk:
            kept = session.records if controlled(record.label) is None else session.controls
            kept.append(without_texts(record))
    answered = by_cell(session.records)
    for key, config in session.configs.items():
        if lacking := not_answered(config, answered.get(key, []), joined.shards):
            session.not_run[key] = lacking


def _write(session: Session, records: Iterable[Record]) -> None:
    try:
        session.run_log.append_all(list(records))
    except OSError as error:
        folder = session.run_log.folder
        raise UsageError(f"{folder}: the merged run cannot be written ({reason(error)}); free space") from error
