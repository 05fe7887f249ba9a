"""What pytest says of a record: passed, xfailed, xpassed, failed or error."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

import pytest

from .state import state_of

if TYPE_CHECKING:
    from ..types import Record

NEWLY_CORRECT = pytest.StashKey[str]()
"""On an item: right now, wrong in the baseline; the value is the reason."""


def apply_outcome(item: pytest.Item, record: Record) -> None:
    """Pass for a right answer; a wrong one is data (xfail), or a failure where the user wants it so."""
    config = item.config
    if record.outcome == "correct":
        was = _baseline_outcome(config, record)
        if was is not None and was != "correct":
            item.stash[NEWLY_CORRECT] = f"right now, {was} in the baseline"
        return
    reason = explain(record)
    if record.must_pass:
        _fail(f"must_pass: {reason}")
    if state_of(config).options.strict or config.option.runxfail:
        _fail(reason)
    raise pytest.xfail.Exception(reason, pytrace=False)


def explain(record: Record) -> str:
    """One line: what was expected, what came, and the score."""
    if record.score is None:
        return f"{record.outcome}, not scored: {record.error}"
    got = record.answer if record.answer is not None else record.output
    head = next(iter(record.scores.values()))
    repeated = head["explanation"].startswith("expected")
    why = f" ({head['explanation']})" if head["explanation"] and not repeated else ""
    expected = "" if record.target is None else f"expected {_short(record.target)}, "
    return f"{record.outcome}: {expected}got {_short(got)}, score {record.score:.3g}{why}"


def properties(record: Record) -> list[tuple[str, str]]:
    """The user properties of an item: plain strings, `unknown` where it is not known."""
    values = {
        "score": record.score,
        "outcome": record.outcome,
        "cost_usd": record.cost_usd,
        "input_tokens": record.usage["input_tokens"],
        "output_tokens": record.usage["output_tokens"],
        "latency_s": round(record.latency_s, 3),
        "task": record.task,
        "strategy": record.label,
        "provider": record.provider,
        "model": record.model,
        "run_id": record.run_id,
    }
    return [_property(key, "unknown" if value is None else str(value)) for key, value in values.items()]


@lru_cache(maxsize=1024)
def _property(key: str, value: str) -> tuple[str, str]:
    """One and the same pair for all items that share it: most do."""
    return (f"hl.{key}", value)


def _baseline_outcome(config: pytest.Config, record: Record) -> str | None:
    from .baselines import baseline_of

    found = baseline_of(state_of(config), record.cell)
    sample = found.baseline.samples.get(record.sample_id) if found.baseline else None
    if sample is None or sample.hash != record.sample_hash:
        return None
    outcome: str = sample.outcome
    return outcome


def _fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)


def _short(value: object, most: int = 200) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
