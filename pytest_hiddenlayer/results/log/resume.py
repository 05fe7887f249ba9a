"""The answers of an earlier run that a new one takes over instead of asking again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...metadata_keys import RESUMED_FROM
from ...types import Record
from .run_log import read_records


def resumable(folder: Path) -> dict[str, Record]:
    """Key → record of everything in a run's log that was answered; errors and what was skipped are asked again.

    Raises UsageError where the folder holds no readable log.
    """
    return {
        record.key: replace(record, answer_metadata={RESUMED_FROM: record.run_id, **record.answer_metadata})
        for record in read_records(folder)
        if record.outcome not in ("error", "skipped")
    }


def taken_over(records: Iterable[Record]) -> str | None:
    """How many of them came from which run, in one sentence; None where there are none."""
    asked = list(records)
    runs = [str(record.answer_metadata[RESUMED_FROM]) for record in asked if RESUMED_FROM in record.answer_metadata]
    if not runs:
        return None
    return f"{len(runs):,} of {len(asked):,} answers taken over from {', '.join(sorted(set(runs)))}"
