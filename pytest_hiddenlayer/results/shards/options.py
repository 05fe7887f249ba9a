"""Reads the options of a shard, and refuses those that need the whole run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...errors import UsageError
from ...options import RunOptions, parse_shard
from ..log.run_log import find_run


def with_shard(
    options: RunOptions, text: Callable[[str], str | None], root: Path, reports: Path | None
) -> RunOptions:
    """Returns the options of one part of a run, if there is one; `text` returns what was written for an option.

    The budget is divided equally by the shards. Raises UsageError.
    """
    written, weights = text("shard"), text("shard-weights")
    if written is None:
        if weights is not None:
            raise UsageError(f"--hl-shard-weights {weights}: there are no shards; add --hl-shard K/N or leave it out")
        return options
    shard = parse_shard(written, f"--hl-shard {written!r}")
    if options.adaptive:
        raise UsageError("--hl-shard with --hl-adaptive: early stopping needs whole cells; leave one out")
    return replace(
        options,
        shard=shard,
        shard_weights=_weights(weights, root, reports),
        budget_usd=None if options.budget_usd is None else options.budget_usd / shard.of,
    )


def refuse_updates(options: RunOptions) -> None:
    """Raise UsageError if a shard is to write snapshots."""
    if options.shard is not None:
        raise UsageError(
            f"--snapshot-update with --hl-shard {options.shard}: a part of a run is no baseline; "
            "write it with `hiddenlayer merge RUN... --snapshot-update`"
        )


def _weights(name: str | None, root: Path, reports: Path | None) -> Path | None:
    if name == "last":
        raise UsageError(
            "--hl-shard-weights last: the last run differs from machine to machine; name its id or folder"
        )
    return find_run(root, name, reports=reports) if name else None
