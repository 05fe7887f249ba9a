"""Score against cost: which strategies of a task are not beaten by one that is at least as good and as cheap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from ...stats.estimate.mean_interval import Estimate, estimate
from ...types import Record
from ...usage import MeanUsage, per_answer, usage_of
from ..metrics.cells import by_cell
from .compare import BudgetMatchedComparison

Unit: TypeAlias = Literal["cost_usd", "tokens", "calls"]
UNITS: tuple[Unit, ...] = ("cost_usd", "tokens", "calls")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One way to answer a task: a cell, or a vote over the draws of a control."""

    task: str
    name: str  # strategy and model
    score: Estimate
    spent: MeanUsage

    def cost(self, unit: Unit) -> float | None:
        """What an answer costs; None where it is unknown."""
        value: float | None = getattr(self.spent, unit)
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class ParetoFront:
    """The ways to answer one task that have a score and a cost, cheapest first."""

    task: str
    unit: Unit  # what cost is counted in
    points: tuple[Point, ...]
    dominated_by: Mapping[str, str]  # name → name of the best that is as good and as cheap, and better in one of them
    left_out: tuple[str, ...]  # names of those without a score, or without any known cost

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "task": self.task,
            "unit": self.unit,
            "points": [
                {
                    "name": point.name,
                    "score": asdict(point.score),
                    "spent": asdict(point.spent),
                    "pareto_optimal": point.name not in self.dominated_by,
                    "dominated_by": self.dominated_by.get(point.name),
                }
                for point in self.points
            ],
            "left_out": list(self.left_out),
        }


def fronts(records: Iterable[Record], compared: Sequence[BudgetMatchedComparison] = ()) -> list[ParetoFront]:
    """The front of every task, by name: its cells and, from `compared`, the votes over draws.

    A sample's score is the mean over its epochs, a cell's cost the mean over its scored answers,
    without what its scorers asked. Cost is counted in dollars where they are known for all and anybody
    pays any, else in tokens where they are known for all, else in calls.
    """
    points: dict[str, list[Point]] = {}
    for point in (*_cells(records), *_votes(compared)):
        points.setdefault(point.task, []).append(point)
    return [_front(task, points[task]) for task in sorted(points)]


def _cells(records: Iterable[Record]) -> Iterator[Point]:
    for (task, label, provider, slug), found in sorted(by_cell(records).items()):
        scores: dict[str, list[float]] = {}
        groups: dict[str, str | None] = {}
        for record in sorted(found, key=lambda r: (r.sample_id, r.epoch)):
            if record.score is not None:
                scores.setdefault(record.sample_id, []).append(record.score)
                groups[record.sample_id] = record.group
        means = [math.fsum(values) / len(values) for values in scores.values()]
        yield Point(
            task=task,
            name=f"{label} {provider}:{slug}",
            score=estimate(means, list(groups.values())),
            spent=per_answer([usage_of(record) for record in found if record.score is not None]),
        )


def _votes(compared: Sequence[BudgetMatchedComparison]) -> Iterator[Point]:
    for one in compared:
        task, label, provider, slug = one.key
        for side in one.against_controls:
            if side.against == "self_consistency":
                name = f"self_consistency at {label}'s {side.budget} {provider}:{slug}"
                yield Point(task=task, name=name, score=side.control, spent=side.control_spent)


def _front(task: str, found: Sequence[Point]) -> ParetoFront:
    unit = _unit([point for point in found if point.score.mean is not None])
    placed = [
        (cost, point.score.mean, point)
        for point in found
        if point.score.mean is not None and (cost := point.cost(unit)) is not None
    ]
    placed.sort(key=lambda at: (at[0], -at[1], at[2].name))
    names = [point.name for _, _, point in placed]
    return ParetoFront(
        task=task,
        unit=unit,
        points=tuple(point for _, _, point in placed),
        dominated_by=_beaten(placed),
        left_out=tuple(point.name for point in found if point.name not in names),
    )


def _unit(points: Sequence[Point]) -> Unit:
    for unit in UNITS:
        costs = [point.cost(unit) for point in points]
        if None not in costs and any(costs):
            return unit
    return "calls"


def _beaten(placed: Sequence[tuple[float, float, Point]]) -> dict[str, str]:
    """Those that are beaten, by the best that beats them; of equally good ones by the cheapest."""
    found = {}
    for cost, mean, point in placed:
        beating = [p for c, m, p in placed if c <= cost and m >= mean and (c, m) != (cost, mean)]
        if beating:
            found[point.name] = max(beating, key=lambda p: p.score.mean or 0.0).name  # the first: sorted by cost
    return found
