"""Calls, tokens and dollars that the strategy's own calls of a record took, without those of its scorers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .metadata_keys import SCORING_CALLS
from .types import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUsage:
    """Calls, and what they took; None if the provider does not report it."""

    calls: int = 0
    tokens: int | None = 0  # input and output, as the provider counted
    cost_usd: float | None = 0.0


def strategy_calls(record: Record) -> Sequence[Mapping[str, Any]]:
    """The strategy's part of the transcript: every call that was answered before anything was scored."""
    return record.transcript[: len(record.transcript) - record.answer_metadata.get(SCORING_CALLS, 0)]


def usage_of(*records: Record) -> TokenUsage:
    """The usage of these records together; zeros if no call was answered."""
    calls = [call for record in records for call in strategy_calls(record)]
    return TokenUsage(
        calls=len(calls),
        tokens=_whole(_sum((call["usage"]["input_tokens"], call["usage"]["output_tokens"])) for call in calls),
        cost_usd=_sum(call["cost_usd"] for call in calls),
    )


def _whole(values: Iterable[float | None]) -> int | None:
    total = _sum(values)
    return None if total is None else int(total)


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum; None if any value is None."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanUsage:
    """The mean usage of one answer; None if it is unknown for at least one answer, or if there is no answer."""

    calls: float | None
    tokens: float | None
    cost_usd: float | None


def per_answer(answers: Sequence[TokenUsage]) -> MeanUsage:
    """The means over answers."""
    return MeanUsage(
        calls=_mean([usage.calls for usage in answers]),
        tokens=_mean([usage.tokens for usage in answers]),
        cost_usd=_mean([usage.cost_usd for usage in answers]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    total = _sum(values)
    return None if total is None or not values else total / len(values)
