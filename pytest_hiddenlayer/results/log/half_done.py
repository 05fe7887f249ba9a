"""What runs that were killed leave: answered calls of cases without a record, and what was spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ...engine.unfinished.completed_call import CompletedCall
from ...types import RESUMED_CALLS, Record
from .record_file import has_calls, has_records
from .run_chain import RESUMED_FROM, run_chain
from .run_log import read_records
from .unfinished_calls import SKIPPED, remove_calls, unfinished_calls

_Case = tuple[str, str]


def earlier_calls(folder: Path) -> Mapping[str, Sequence[CompletedCall]]:
    """Key of a case → the calls that the run in `folder`, or one that it resumed, made of it before it was killed.

    Of a case that was begun several times, those of the beginning with most calls. Raises UsageError for
    unreadable files.
    """
    found: dict[str, Sequence[CompletedCall]] = {}
    for calls in _half_done(run_chain(folder)):
        if len(calls) >= len(found.get(calls[0].key, ())):
            found[calls[0].key] = calls
    return found


def check_earlier_calls(folder: Path) -> None:
    """Raise UsageError if a file of calls cannot be read, of the run in `folder` or of one that it resumed."""
    for run in run_chain(folder):
        for _ in unfinished_calls(run):
            pass


@dataclass(frozen=True, slots=True)
class Spending:
    """What runs spent on answered calls."""

    known_usd: Decimal
    n_unknown: int  # calls whose cost is unknown


def spending(folder: Path) -> Spending:
    """What the run in `folder` spent, with the runs that it resumed. Raises UsageError for unreadable files."""
    runs = run_chain(folder)
    half_done = {calls[0].case: [call.completion.cost_usd for call in calls] for calls in _half_done(runs)}
    costs: list[float | None] = []
    finished: set[_Case] = set()  # of those that several runs worked on
    for record in _records(runs):  # the newest run first: it has all calls of the earlier ones
        if RESUMED_FROM in record.answer_metadata:
            continue
        case = record.key, record.started_at
        if record.outcome == SKIPPED:
            half_done.setdefault(case, _costs(record))
            continue
        costs += _costs(record)
        if RESUMED_CALLS in record.answer_metadata:
            finished.add(case)
    costs += [cost for case, of_case in half_done.items() if case not in finished for cost in of_case]
    known = [Decimal(repr(cost)) for cost in costs if cost is not None]
    return Spending(sum(known, Decimal(0)), len(costs) - len(known))


def tidy_calls(folder: Path) -> None:
    """Remove the calls in the folder of a run that has ended, unless a case of them has no answer.

    Raises UsageError for unreadable files.
    """
    if not has_calls(folder):
        return
    cases = {call.case for call in unfinished_calls(folder)}
    keys = {key for key, _ in cases}
    for record in _records([folder]):
        if record.key in keys:
            if record.outcome != SKIPPED:
                cases.discard((record.key, record.started_at))
            if record.outcome not in ("error", SKIPPED):
                keys.discard(record.key)
    if not any(key in keys for key, _ in cases):
        remove_calls(folder)


def _half_done(runs: Sequence[Path]) -> Sequence[Sequence[CompletedCall]]:
    """The calls of each case that was begun and has no record, or was skipped when the budget was spent.

    A call that two runs hold is there once.
    """
    cases: dict[_Case, dict[str, CompletedCall]] = {}
    for run in reversed(runs):
        for call in unfinished_calls(run):
            cases.setdefault(call.case, {})[call.request] = call
    if cases:
        for record in _records(runs):
            if record.outcome != SKIPPED:
                cases.pop((record.key, record.started_at), None)
    return [list(calls.values()) for calls in cases.values()]


def _records(runs: Iterable[Path]) -> Iterator[Record]:
    """The records of all runs; those that one took over from another are there several times."""
    for run in runs:
        if has_records(run):
            yield from read_records(run)


def _costs(record: Record) -> list[float | None]:
    """The costs of a record's calls, in US dollars."""
    if record.cost_usd is not None:
        return [record.cost_usd]
    return [call.get("cost_usd") for call in record.transcript]
