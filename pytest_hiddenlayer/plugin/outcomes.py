"""A record as the outcome of its item: passed, xfailed, xpassed, failed or error."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from ..session.outcomes import explain, failure_of
from .state import state_of
from .xdist.hosts.channels import on_host

if TYPE_CHECKING:
    from ..types import Record

NEWLY_CORRECT = pytest.StashKey[str]()
"""On an item: correct in this run, not in the baseline; the value is the reason."""


def apply_outcome(item: pytest.Item, record: Record) -> None:
    """Pass for a right answer; xfail for a wrong one, or fail under `must_pass`, --hl-strict or --runxfail."""
    config = item.config
    if record.outcome == "correct":
        before = _baseline_outcome(config, record)
        if before is not None and before != "correct":
            item.stash[NEWLY_CORRECT] = f"correct now, {before} in the baseline"
        return
    strict = state_of(config).session.options.strict or config.option.runxfail
    if (failure := failure_of(record, strict=strict)) is not None:
        pytest.fail(failure, pytrace=False)
    raise pytest.xfail.Exception(explain(record), pytrace=False)


def properties(record: Record) -> list[tuple[str, str]]:
    """The user properties of an item: plain strings, `unknown` for None."""
    usage = record.usage
    return [
        *_measured(record.score, record.outcome, record.cost_usd, usage["input_tokens"], usage["output_tokens"]),
        _property("latency_s", round(record.latency_s, 3)),
        *_common(record.task, record.label, record.provider, record.model, record.run_id),
    ]


@lru_cache(maxsize=1024, typed=True)
def _measured(
    score: float | None, outcome: str, cost_usd: float | None, input_tokens: int | None, output_tokens: int | None
) -> tuple[tuple[str, str], ...]:
    """What items often share: one object for all with the same values, which saves time and memory."""
    values = {
        "score": score,
        "outcome": outcome,
        "cost_usd": cost_usd,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
    }
    return tuple(_property(key, value) for key, value in values.items())


@lru_cache(maxsize=1024, typed=True)
def _common(task: str, label: str, provider: str, model: str, run_id: str) -> tuple[tuple[str, str], ...]:
    values = {"task": task, "strategy": label, "provider": provider, "model": model, "run_id": run_id}
    return tuple(_property(key, value) for key, value in values.items())


@lru_cache(maxsize=1024, typed=True)
def _property(key: str, value: object) -> tuple[str, str]:
    return (f"hl.{key}", "unknown" if value is None else str(value))


def mark_newly_correct(report: pytest.TestReport, config: pytest.Config) -> None:
    """Turn the report of a right answer from a host into an xpass if the baseline, which is here, has it wrong."""
    records = getattr(report, "hl_records", ())
    if report.when == "call" and report.passed and records:
        before = _baseline_outcome(config, records[0])
        if before is not None and before != "correct":
            report.wasxfail = f"correct now, {before} in the baseline"


def _baseline_outcome(config: pytest.Config, record: Record) -> str | None:
    if on_host(config):
        return None
    session = state_of(config).session
    cell = session.configs.get(record.cell)
    baseline = None if cell is None else session.baselines.find(cell).baseline
    sample = None if baseline is None else baseline.samples.get(record.sample_id)
    return None if sample is None or sample.hash != record.sample_hash else sample.outcome
