"""The answers of an earlier run that a resumed run reuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...types import SCORER_FAILED, Record
from .run_log import read_records

RESUMED_FROM = "resumed_from"
"""Key of `Record.answer_metadata`: id of the run that the answer was first made in."""


def reusable_records(folder: Path) -> dict[str, Record]:
    """Key → record of the cases that a run answered and scored; errors and skipped cases are left out.

    Raises UsageError if the folder holds no readable log.
    """
    return {
        record.key: replace(record, answer_metadata={RESUMED_FROM: record.run_id, **record.answer_metadata})
        for record in read_records(folder)
        if record.outcome not in ("error", "skipped") and not _lacks_a_score(record)
    }


def _lacks_a_score(record: Record) -> bool:
    """Whether a call of one of the scorers failed."""
    return any(score.get("details", {}).get(SCORER_FAILED) for score in record.scores.values())


def reuse_message(records: Iterable[Record]) -> str | None:
    """One sentence: how many answers were reused, and from which runs; None if no answer was reused."""
    answers = list(records)
    metadata = [record.answer_metadata for record in answers]
    runs = [str(values[RESUMED_FROM]) for values in metadata if RESUMED_FROM in values]
    if not runs:
        return None
    return f"{len(runs):,} of {len(answers):,} answers reused from {', '.join(sorted(set(runs)))}"
