"""Token usage and cost of an answer, counted over the strategy's calls without the scorers' calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .types import RECORDED_CALLS, RECORDED_COUNTS, SCORING_CALLS, Record

BudgetUnit: TypeAlias = Literal["cost_usd", "tokens", "calls"]
"""What budgets are matched in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUsage:
    """Calls with their tokens and cost; None if a provider does not report them."""

    calls: int = 0
    tokens: int | None = 0  # input and output, as counted by the provider
    cost_usd: float | None = 0.0

    def amount(self, unit: BudgetUnit) -> float | None:
        """Return the calls, tokens or cost; None if unknown."""
        amounts: dict[BudgetUnit, float | None]
        amounts = {"calls": self.calls, "tokens": self.tokens, "cost_usd": self.cost_usd}
        return amounts[unit]


def strategy_calls(record: Record) -> Sequence[Mapping[str, Any]]:
    """Return the strategy's part of the transcript: the calls that completed before scoring."""
    return record.transcript[: len(record.transcript) - record.answer_metadata.get(SCORING_CALLS, 0)]


def usage_of(*records: Record) -> TokenUsage:
    """Return the total usage of these records; all zero if no call completed."""
    calls = [call for record in records for call in strategy_calls(record)]
    extra = [_unseen_calls(record) for record in records]
    if any(extra):
        return TokenUsage(calls=len(calls) + sum(extra), tokens=None, cost_usd=None)
    return TokenUsage(
        calls=len(calls),
        tokens=_int_sum(map(_tokens, calls)),
        cost_usd=_sum(call.get("cost_usd") for call in calls),
    )


def costs_of(records: Iterable[Record]) -> list[float | None]:
    """Return the cost of each record that called a model; None if a call's cost is unknown or it is not recorded."""
    return [
        None if _unseen_calls(record) else record.cost_usd
        for record in records
        if record.transcript or _unseen_calls(record)
    ]


def _unseen_calls(record: Record) -> int:
    """How many calls of a recorded answer are not in its transcript: rankings, or samples that were only counted."""
    counts = record.answer_metadata.get(RECORDED_COUNTS)
    known = record.answer_metadata.get(RECORDED_CALLS)
    if not isinstance(known, int):
        known = counts["of"] if isinstance(counts, dict) else 0
    return max(0, known - len(strategy_calls(record)))


def _tokens(call: Mapping[str, Any]) -> float | None:
    """Return the tokens of a call; None if they are unknown, as in a log that another program wrote."""
    usage = call.get("usage") or {}
    return _sum((usage.get("input_tokens"), usage.get("output_tokens")))


def _int_sum(values: Iterable[float | None]) -> int | None:
    total = _sum(values)
    return None if total is None else int(total)


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum, or None if one value is None."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanUsage:
    """Mean usage per answer; None if it is unknown for at least one answer or if there are no answers."""

    calls: float | None
    tokens: float | None
    cost_usd: float | None


def per_answer(usages: Sequence[TokenUsage]) -> MeanUsage:
    """Return the mean usage over answers."""
    return MeanUsage(
        calls=_mean([usage.calls for usage in usages]),
        tokens=_mean([usage.tokens for usage in usages]),
        cost_usd=_mean([usage.cost_usd for usage in usages]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    total = _sum(values)
    return None if total is None or not values else total / len(values)
