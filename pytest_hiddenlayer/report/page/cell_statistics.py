"""What the page shows of each cell beyond its summary, computed while the records pass by."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ...results.metrics.samples import cluster_of
from ...types import SCORED, SCORING_CALLS, Record
from .round_statistics import Debate, debate_of, rounds_to_json

CellKey: TypeAlias = tuple[str, str, str, str]
Call: TypeAlias = Mapping[str, Any]
SCORER_ROLE = "scorer: "
"""Put before the role of a call that a scorer made."""
_UNKNOWN = math.nan  # in arrays


class PageStatistics:
    """The statistics of every cell of a run."""

    def __init__(self) -> None:
        self._cells: dict[CellKey, CellStatistics] = {}

    def add(self, record: Record) -> None:
        """Count a record. If an item was answered twice, its last record counts; its calls were all paid."""
        cell = self._cells.get(record.cell)
        if cell is None:
            cell = self._cells[record.cell] = CellStatistics()
        cell.add(record)

    def of(self, cell_key: CellKey) -> dict[str, Any]:
        """The statistics of a cell, as `CellStatistics.to_json`; those of no record if there is none."""
        return (self._cells.get(cell_key) or CellStatistics()).to_json()


class CellStatistics:
    """Calls, tokens and cost by role; latency; cached answers; spending per scored answer; rounds of debates."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, int], int] = {}  # (sample, epoch) → position in the arrays
        self._latency_s, self._cached, self._scored = array("d"), array("b"), array("b")
        self._spent = {unit: array("d") for unit in ("calls", "tokens", "cost_usd")}
        self._roles: dict[str, dict[str, Any]] = {}
        self._debates: dict[int, tuple[Debate, str]] = {}  # position → course and cluster
        self._distinct: dict[Debate, Debate] = {}

    def add(self, record: Record) -> None:
        """Count a record."""
        calls = answer_calls(record)
        for position, call in enumerate(record.transcript):
            self._add_call(call, scoring=position >= len(calls))
        position = self._items.setdefault((record.sample_id, record.epoch), len(self._items))
        latency_s = answer_latency_s(record)
        _put(self._latency_s, position, _UNKNOWN if latency_s is None else latency_s)
        _put(self._cached, position, bool(record.cached))
        _put(self._scored, position, record.outcome in SCORED)
        _put(self._spent["calls"], position, len(calls))
        _put(self._spent["tokens"], position, sum((_tokens(call) for call in calls), 0.0))
        _put(self._spent["cost_usd"], position, sum((_number(call, "cost_usd") for call in calls), 0.0))
        self._debates.pop(position, None)
        if (debate := debate_of(record)) is not None:
            self._debates[position] = (self._distinct.setdefault(debate, debate), cluster_of(record))

    def _add_call(self, call: Call, *, scoring: bool) -> None:
        role = (SCORER_ROLE if scoring else "") + role_of(str(call.get("role", "")))
        totals = self._roles.setdefault(role, {"calls": 0, **dict.fromkeys(_TOTALS, 0)})
        totals["calls"] += 1
        for name in _TOTALS:
            value = _amount(call, name)
            totals[name] = None if value is None or totals[name] is None else totals[name] + value

    def to_json(self) -> dict[str, Any]:
        """`roles`, `latency_s`, `cached`, `spent` and `rounds` of `Cell` in `web/src/data.ts`."""
        return {
            "roles": [{"role": role, **totals} for role, totals in self._roles.items()],
            "latency_s": quantiles([value for value in self._latency_s if not math.isnan(value)]),
            "cached": sum(self._cached),
            "spent": {unit: self._mean(values) for unit, values in self._spent.items()},
            "rounds": rounds_to_json([self._debates[position] for position in sorted(self._debates)]),
        }

    def _mean(self, values: Sequence[float]) -> float | None:
        """The mean over the scored answers; None if it is unknown for one, or if none is scored."""
        counted = [value for value, scored in zip(values, self._scored, strict=True) if scored]
        total = math.fsum(counted)
        return None if not counted or math.isnan(total) else total / len(counted)


_TOTALS = ("input_tokens", "output_tokens", "cost_usd")


def answer_calls(record: Record) -> Sequence[Call]:
    """The calls that made the answer, without those of the scorers, which follow them."""
    calls, scoring = record.transcript, record.answer_metadata.get(SCORING_CALLS, 0)
    return calls[: len(calls) - scoring] if isinstance(scoring, int) and 0 < scoring <= len(calls) else calls


def answer_latency_s(record: Record) -> float | None:
    """Seconds that an answer takes without waiting for other answers: per round its longest call, summed.

    Calls of one round run at the same time. None if it is unknown: no call was made, or one was
    replayed without its latency, or sent as part of a batch.
    """
    longest: dict[Any, float] = {}
    for call in answer_calls(record):
        latency_s = _amount(call, "latency_s")
        if not latency_s or call.get("batched"):
            return None
        number = call.get("round", 0)
        longest[number] = max(longest.get(number, 0.0), latency_s)
    return sum(longest.values()) if longest else None


def role_of(role: str) -> str:
    """A call's role without its number: `agent` for `agent-1`."""
    name, _, number = role.rpartition("-")
    return name if name and number.isdigit() else role


def quantiles(values: Sequence[float]) -> dict[str, Any] | None:
    """Number, median, 90 % quantile (linear between neighbours) and maximum; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return {"n": len(ordered), "p50": _quantile(ordered, 0.5), "p90": _quantile(ordered, 0.9), "max": ordered[-1]}


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])


def _tokens(call: Call) -> float:
    return _number(call, "input_tokens") + _number(call, "output_tokens")


def _number(call: Call, name: str) -> float:
    value = _amount(call, name)
    return _UNKNOWN if value is None else value


def _amount(call: Call, name: str) -> float | None:
    """A number of a call or of its usage; None if it is unknown, or no finite number, as in a damaged log."""
    value = call.get(name)
    if value is None and isinstance(usage := call.get("usage"), Mapping):
        value = usage.get(name)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _put(values: array[Any], position: int, value: float) -> None:
    """Set a value, or append it."""
    if position == len(values):
        values.append(value)
    else:
        values[position] = value
