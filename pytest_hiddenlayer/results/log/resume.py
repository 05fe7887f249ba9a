"""The answers of an earlier run that a resumed run reuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


def reuse_message(records: Sequence[Record], folder: Path) -> str:
    """One sentence: how many answers of the run in `folder` were reused, and why the others were asked for."""
    runs = [str(r.answer_metadata[RESUMED_FROM]) for r in records if RESUMED_FROM in r.answer_metadata]
    names = ", ".join(sorted(set(runs))) or folder.name
    message = f"{len(runs):,} of {len(records):,} answers reused from {names}"
    asked = [record for record in records if RESUMED_FROM not in record.answer_metadata]
    if not asked:
        return message
    earlier = {_case(record): record.outcome for record in read_records(folder)}
    reasons = Counter(_why_asked(earlier.get(_case(record))) for record in asked)
    return f"{message}; asked for: " + ", ".join(f"{count:,} {why}" for why, count in reasons.most_common())


def _case(record: Record) -> tuple[object, ...]:
    """What identifies a case, whatever its prompt and parameters are."""
    return (*record.cell, record.sample_id, record.epoch)


def _why_asked(outcome: str | None) -> str:
    if outcome is None:
        return "that it does not have"
    if outcome in ("error", "skipped"):
        return "that failed or were skipped there"
    return "with another prompt, target, model, parameter, scorer, judge or seed there"
