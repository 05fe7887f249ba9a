"""The answers of an earlier run that a resumed run reuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...types import Record
from .run_log import read_records

RESUMED_FROM = "resumed_from"
"""Key of `Record.answer_metadata`: id of the run that the answer was first made in."""


def reusable_records(folder: Path) -> dict[str, Record]:
    """Key → record of the answered cases in a run's log, without errors and skipped cases.

    Raises UsageError if the folder holds no readable log.
    """
    return {
        record.key: replace(record, answer_metadata={RESUMED_FROM: record.run_id, **record.answer_metadata})
        for record in read_records(folder)
        if record.outcome not in ("error", "skipped")
    }


def reuse_message(records: Iterable[Record]) -> str | None:
    """How many of the answers were reused, and from which runs, in one sentence; None if none was reused."""
    answers = list(records)
    runs = [str(record.answer_metadata[RESUMED_FROM]) for record in answers if RESUMED_FROM in record.answer_metadata]
    if not runs:
        return None
    return f"{len(runs):,} of {len(answers):,} answers reused from {', '.join(sorted(set(runs)))}"
