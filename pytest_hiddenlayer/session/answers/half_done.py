"""What a run keeps of cases that are half done, and takes over from the run that it resumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...options import RunOptions
from ...results.log.half_done import spending
from ...results.log.run_chain import RESUMED
from ...results.log.run_log import RunLog
from ...results.shards.manifest import is_shard
from ..writing import WriteFaults


def prepare_calls(log: RunLog, resumed: Path | None, faults: WriteFaults) -> None:
    """Have a run log name the run that it resumes, and note a disk that takes no calls."""
    if resumed is not None and resumed.absolute().parent == log.folder.absolute().parent:
        log.facts[RESUMED] = resumed.absolute().name
    log.on_calls_fault = lambda error: faults.add(
        "calls of answers that are half done in", log.folder, error, asked_for=False
    )


def with_earlier_spending(options: RunOptions, notify: Callable[[str], None]) -> RunOptions:
    """The options with what the run that is resumed has spent of their budget.

    Raises UsageError if that run cannot be read.
    """
    if options.budget_usd is None or options.resume is None:
        return options
    spent = spending(options.resume)
    if spent.n_unknown:
        calls = "1 call" if spent.n_unknown == 1 else f"{spent.n_unknown:,} calls"
        notify(f"--budget: {options.resume.name} made {calls} of unknown cost, which the budget does not include")
    return replace(options, spent_usd=spent.known_usd / _n_shares(options))


def _n_shares(options: RunOptions) -> int:
    """How many shards continue the run that is resumed, and divide its spending as they do the budget."""
    if options.shard is None or options.resume is None or is_shard(options.resume):
        return 1
    return options.shard.of
