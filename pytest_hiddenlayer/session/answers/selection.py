"""What the end of a run counts and prints of its records; a large run reads only the printed ones from its log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...types import Record
from ..session import Session


def outcome_counts(session: Session) -> Counter[str]:
    """Outcome → records."""
    if session.streamed is not None:
        return session.streamed.outcomes
    return Counter(record.outcome for record in session.records)


def costs(session: Session) -> tuple[float, int]:
    """(the sum of the known costs in US dollars, the number of records whose cost is unknown)."""
    if session.streamed is not None:
        cells = session.streamed.cells.values()
        return sum(cell.known_cost_usd for cell in cells), sum(cell.n_unknown_costs for cell in cells)
    known = [record.cost_usd for record in session.records if record.cost_usd is not None]
    return sum(known), len(session.records) - len(known)


def failing_candidates(session: Session, *, strict: bool) -> Iterable[Record]:
    """The records that may fail the run: all but right ones, and without `strict` only of samples that must pass."""
    if session.streamed is None:
        return session.records
    return session.streamed.where(
        lambda columns, slot: columns.outcome(slot) != "correct" and (strict or columns.must_pass(slot))
    )


def unscored(session: Session) -> Iterable[Record]:
    """The records without a score that were not skipped."""
    if session.streamed is None:
        return (r for r in session.records if r.score is None and r.outcome != "skipped")
    return session.streamed.where(
        lambda columns, slot: columns.score.get(slot) is None and columns.outcome(slot) != "skipped"
    )
