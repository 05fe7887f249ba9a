"""Pareto fronts of score against cost: the configurations of a task that no other one dominates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from ...stats.estimate.mean_interval import Estimate, estimate
from ...types import Record
from ...usage import BudgetUnit, MeanUsage, per_answer, usage_of
from ..metrics.cells import by_cell
from .compare import BudgetMatchedComparison

Unit: TypeAlias = BudgetUnit
UNITS: tuple[Unit, ...] = ("cost_usd", "tokens", "calls")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One configuration for a task: a cell, or a vote over the control samples of a cell."""

    task: str
    name: str  # strategy and model
    score: Estimate
    spent: MeanUsage

    def cost(self, unit: Unit) -> float | None:
        """The mean cost of an answer in this unit; None if it is unknown."""
        value: float | None = getattr(self.spent, unit)
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class ParetoFront:
    """The configurations for one task with a score and a cost, cheapest first."""

    task: str
    unit: Unit  # of cost
    points: tuple[Point, ...]
    dominated_by: Mapping[str, str]  # name → name of the best point that dominates it
    left_out: tuple[str, ...]  # names of points without a score or a known cost

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
    """The front of every task, ordered by name: its cells and, from `compared`, the votes over control samples.

    A sample's score is the mean over its epochs; a cell's cost is the mean over its scored
    answers, without the calls of its scorers. The unit is dollars if they are known for all
    points and not all 0, else tokens if they are known for all points, else calls.
    """
    points: dict[str, list[Point]] = {}
    for point in (*_cells(records), *_votes(compared)):
        points.setdefault(point.task, []).append(point)
    return [pareto_front(task, points[task]) for task in sorted(points)]


def _cells(records: Iterable[Record]) -> Iterator[Point]:
    """One point per cell, ordered by key."""
    for (task, label, provider, slug), cell in sorted(by_cell(records).items()):
        scores: dict[str, list[float]] = {}
        groups: dict[str, str | None] = {}
        for record in sorted(cell, key=lambda r: (r.sample_id, r.epoch)):
            if record.score is not None:
                scores.setdefault(record.sample_id, []).append(record.score)
                groups[record.sample_id] = record.group
        means = [math.fsum(values) / len(values) for values in scores.values()]
        yield Point(
            task=task,
            name=f"{label} {provider}:{slug}",
            score=estimate(means, list(groups.values())),
            spent=per_answer([usage_of(record) for record in cell if record.score is not None]),
        )


def _votes(compared: Sequence[BudgetMatchedComparison]) -> Iterator[Point]:
    """One point per vote over the control samples of a cell."""
    for comparison in compared:
        task, label, provider, slug = comparison.key
        for control in comparison.against_controls:
            if control.against == "self_consistency":
                name = f"self_consistency at {label}'s {control.budget} {provider}:{slug}"
                yield Point(task=task, name=name, score=control.control, spent=control.control_spent)


def pareto_front(task: str, points: Sequence[Point], unit: Unit | None = None) -> ParetoFront:
    """The front of one task from all its points; without a unit, in the one that `fronts` takes."""
    unit = unit or _unit([point for point in points if point.score.mean is not None])
    priced = [
        (cost, point.score.mean, point)
        for point in points
        if point.score.mean is not None and (cost := point.cost(unit)) is not None
    ]
    priced.sort(key=lambda entry: (entry[0], -entry[1], entry[2].name))
    names = [point.name for _, _, point in priced]
    return ParetoFront(
        task=task,
        unit=unit,
        points=tuple(point for _, _, point in priced),
        dominated_by=_dominated(priced),
        left_out=tuple(point.name for point in points if point.name not in names),
    )


def _unit(points: Sequence[Point]) -> Unit:
    """The first unit of UNITS in which all costs are known and not all 0; else calls."""
    for unit in UNITS:
        costs = [point.cost(unit) for point in points]
        if None not in costs and any(costs):
            return unit
    return "calls"


def _dominated(priced: Sequence[tuple[float, float, Point]]) -> dict[str, str]:
    """Name of a dominated point → name of the best point that dominates it; of equally good ones the cheapest."""
    dominated_by = {}
    for cost, mean, point in priced:
        better = [p for c, m, p in priced if c <= cost and m >= mean and (c, m) != (cost, mean)]
        if better:
            best = max(better, key=lambda p: p.score.mean or 0.0)  # the first of equals: `priced` is sorted by cost
            dominated_by[point.name] = best.name
    return dominated_by
