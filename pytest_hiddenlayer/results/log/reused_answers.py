"""The answers that a resumed run reuses, of the run that it names and of those which that run resumed itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...types import Record
from .record_file import has_calls, has_records
from .resume import RecordsInMemory, ReusableRecords, reusable_records
from .run_chain import run_chain


class ReusedAnswers:
    """Each answer is reused once: a case that is run again, such as by pytest-rerunfailures, is asked for again."""

    def __init__(self, logs: Sequence[ReusableRecords | RecordsInMemory] = ()) -> None:
        """`logs` begin with that of the newest run."""
        self._logs = [log for log in logs if len(log)]

    def take(self, key: str) -> Record | None:
        """Return the last answer of a case that was not taken yet; None if there is none."""
        holders = [log for log in self._logs if log.may_hold(key)]
        if not holders:
            return None
        n_taken = holders[0].count(key)
        return next((record for n, record in enumerate(_different(holders, key)) if n == n_taken), None)


def _different(logs: Sequence[ReusableRecords | RecordsInMemory], key: str) -> Iterator[Record]:
    """Yield the answers of a case, each once, although a run takes over those of the one it resumes."""
    seen: set[str] = set()
    for log in logs:
        for record in log.records_of(key):
            if record.started_at not in seen:
                seen.add(record.started_at)
                yield record


def reused_answers(folder: Path | None) -> ReusedAnswers:
    """The answers of the run in a folder; none without a folder.

    What that run has not taken over yet from one that it resumed is found there. Raises UsageError if the folder
    holds no readable log.
    """
    if folder is None:
        return ReusedAnswers()
    logs = [reusable_records(run) for run in run_chain(folder) if has_records(run)]
    if not logs and not has_calls(folder):
        reusable_records(folder)  # raises the error
    return ReusedAnswers(logs)
