"""What one answer cost by the strategy's own calls, without those of scorers that ask a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..types import Record

SCORING_CALLS = "scoring_calls"
"""Key in `answer_metadata`: how many calls at the end of the transcript the scorers made; absent if none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUsage:
    """Calls, and what they took; None where the provider does not tell."""

    calls: int = 0
    tokens: int | None = 0  # input and output, as the provider counted
    cost_usd: float | None = 0.0


def strategy_calls(record: Record) -> Sequence[Mapping[str, Any]]:
    """The strategy's part of the transcript: every call that was answered before anything was scored."""
    return record.transcript[: len(record.transcript) - record.answer_metadata.get(SCORING_CALLS, 0)]


def usage_of(*records: Record) -> TokenUsage:
    """What these answers took together; nothing where no call was answered."""
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
    """The sum; unknown where one value is."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanUsage:
    """What one answer takes on average; None where it is unknown for at least one, or where there is none."""

    calls: float | None
    tokens: float | None
    cost_usd: float | None


def per_answer(answers: Sequence[TokenUsage]) -> MeanUsage:
    """The means over answers."""
    return MeanUsage(
        calls=_mean([one.calls for one in answers]),
        tokens=_mean([one.tokens for one in answers]),
        cost_usd=_mean([one.cost_usd for one in answers]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    total = _sum(values)
    return None if total is None or not values else total / len(values)
