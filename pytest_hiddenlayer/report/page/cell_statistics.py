"""What the page shows of each cell beyond its summary, computed while the records pass by."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
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
        self._roles: dict[str, list[float | None]] = {}  # calls, then _AMOUNTS; None: unknown for one call
        self._debates: dict[int, tuple[Debate, str]] = {}  # position → course and cluster
        self._distinct: dict[Debate, Debate] = {}

    def add(self, record: Record) -> None:
        """Count a record."""
        n_calls = len(answer_calls(record))
        tokens = cost_usd = 0.0
        for number, call in enumerate(record.transcript):
            amounts = _amounts(call)
            self._add_call(role_of(str(call.get("role", "")), scoring=number >= n_calls), amounts)
            if number < n_calls:
                tokens += _UNKNOWN if amounts[0] is None or amounts[1] is None else amounts[0] + amounts[1]
                cost_usd += _UNKNOWN if amounts[2] is None else amounts[2]
        position = self._items.setdefault((record.sample_id, record.epoch), len(self._items))
        latency_s = answer_latency_s(record)
        _put(self._latency_s, position, _UNKNOWN if latency_s is None else latency_s)
        _put(self._cached, position, bool(record.cached))
        _put(self._scored, position, record.outcome in SCORED)
        for unit, value in (("calls", n_calls), ("tokens", tokens), ("cost_usd", cost_usd)):
            _put(self._spent[unit], position, value)
        self._debates.pop(position, None)
        if (debate := debate_of(record)) is not None:
            self._debates[position] = (self._distinct.setdefault(debate, debate), cluster_of(record))

    def _add_call(self, role: str, amounts: Sequence[float | None]) -> None:
        totals = self._roles.setdefault(role, [0, 0, 0, 0])
        totals[0] = (totals[0] or 0) + 1
        for place, value in enumerate(amounts, 1):
            total = totals[place]
            totals[place] = None if value is None or total is None else total + value

    def to_json(self) -> dict[str, Any]:
        """`roles`, `latency_s`, `cached`, `spent` and `rounds` of `Cell` in `web/src/data.ts`."""
        return {
            "roles": [
                {"role": role, **dict(zip(("calls", *_AMOUNTS), totals, strict=True))}
                for role, totals in self._roles.items()
            ],
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


_AMOUNTS = ("input_tokens", "output_tokens", "cost_usd")


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
        latency_s = _known(call.get("latency_s"))
        if not latency_s or call.get("batched"):
            return None
        number = call.get("round", 0)
        if latency_s > longest.get(number, 0.0):
            longest[number] = latency_s
    return sum(longest.values()) if longest else None


@lru_cache(maxsize=1000)  # roles are written by users
def role_of(role: str, *, scoring: bool = False) -> str:
    """A call's role without its number: `agent` for `agent-1`; `scoring`: a scorer made the call."""
    name, _, number = role.rpartition("-")
    return (SCORER_ROLE if scoring else "") + (name if name and number.isdigit() else role)


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


def _amounts(call: Call) -> tuple[float | None, float | None, float | None]:
    """The _AMOUNTS of a call; None is unknown."""
    usage = call.get("usage")
    if not isinstance(usage, Mapping):
        usage = {}
    return _known(usage.get("input_tokens")), _known(usage.get("output_tokens")), _known(call.get("cost_usd"))


_NUMBERS = (int, float)


def _known(value: Any) -> float | None:
    """A number of a log; None if it is unknown, or no finite number, as in a damaged log."""
    return value if type(value) in _NUMBERS and math.isfinite(value) else None


def _put(values: array[Any], position: int, value: float) -> None:
    """Set a value, or append it."""
    if position == len(values):
        values.append(value)
    else:
        values[position] = value
