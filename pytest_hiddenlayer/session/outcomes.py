"""What a record means for the run: nothing, a failure, an error."""

from __future__ import annotations

from collections.abc import Iterable

from ..types import Record


def failure_of(record: Record, *, strict: bool) -> str | None:
    """Why a record fails the run; None if it does not.

    A wrong answer is data, not a failure, unless the sample must pass or `strict` is set.
    Records with outcome `error` and `skipped` are not failures; they are reported under these outcomes.
    """
    if record.outcome in ("correct", "error", "skipped"):
        return None
    if record.must_pass:
        return f"must_pass: {explain(record)}"
    return explain(record) if strict else None


def failures_of(records: Iterable[Record], *, strict: bool) -> list[str]:
    """Why each of the records fails the run, with the name of its sample."""
    reasons = ((record, failure_of(record, strict=strict)) for record in records)
    return [f"{case_name(record)}: {reason}" for record, reason in reasons if reason]


def case_name(record: Record) -> str:
    """`task::sample[strategy-provider:model]`, then `#2` for a second epoch: the name of one answer of a run."""
    epoch = "" if record.epoch == 1 else f"#{record.epoch}"
    return f"{record.task}::{record.sample_id}[{record.label}-{record.provider}:{record.model}]{epoch}"


def explain(record: Record) -> str:
    """One line: what was expected, what was answered, and the score."""
    if record.score is None:
        return f"{record.outcome}, not scored: {record.error}"
    got = record.answer if record.answer is not None else record.output
    score = next(iter(record.scores.values()))
    repeated = score["explanation"].startswith("expected")
    explanation = _cut(score["explanation"], 500)
    why = f" ({explanation})" if explanation and not repeated else ""
    expected = "" if record.target is None else f"expected {_short(record.target)}, "
    return f"{record.outcome}: {expected}got {_short(got)}, score {record.score:.3g}{why}"


def _short(value: object, limit: int = 200) -> str:
    return _cut(repr(value), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
