"""The compute-matched comparison as an HTML fragment, with a plot of each Pareto front. Every value is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..results.budget_match.pareto import ParetoFront
from .budget_match import Findings, warnings
from .budget_match_rows import (
    COMPARISON_HEADERS,
    INTRODUCTION,
    POINT_HEADERS,
    TRANSITION_HEADERS,
    comparison_rows,
    cost_text,
    front_warnings,
    point_rows,
    transition_rows,
)
from .html_template import load_template

TEMPLATE = Path(__file__).parent / "templates" / "budget_match.html.jinja"
WIDTH, HEIGHT, MARGIN = 560, 240, 36  # of a plot, in pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dot:
    x: float  # pixels
    y: float  # pixels
    pareto_optimal: bool
    number: int  # as in the table
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plot:
    title: str
    max_cost: str  # the end of the cost axis, with its unit
    dots: Sequence[_Dot]

    @property
    def front(self) -> str:
        """The Pareto-optimal points, cheapest first, as the points of an SVG polyline."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots if dot.pareto_optimal)


def html(findings: Findings) -> str:
    """The section for the HTML report."""
    return load_template(TEMPLATE).render(
        introduction=INTRODUCTION.capitalize(),
        comparison_headers=COMPARISON_HEADERS,
        comparisons=comparison_rows(findings.compared),
        warnings=warnings(findings),
        transition_headers=TRANSITION_HEADERS,
        transitions=transition_rows(findings.transitions),
        point_headers=POINT_HEADERS,
        points=point_rows(findings.fronts),
        front_warnings=front_warnings(findings.fronts),
        plots=[_plot(front) for front in findings.fronts if front.points],
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )


def _plot(front: ParetoFront) -> _Plot:
    most_expensive = max(front.points, key=lambda point: point.cost(front.unit) or 0.0)
    max_cost = most_expensive.cost(front.unit) or 1.0
    dots = []
    for number, point in enumerate(front.points, 1):
        score, cost = point.score.mean or 0.0, point.cost(front.unit) or 0.0
        dots.append(
            _Dot(
                x=round(MARGIN + (WIDTH - 2 * MARGIN) * cost / max_cost, 1),
                y=round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * score, 1),
                pareto_optimal=point.name not in front.dominated_by,
                number=number,
                label=f"{point.name}: score {score:.3f}, {cost_text(front, point)} per answer",
            )
        )
    return _Plot(title=f"{front.task}: score by cost", max_cost=cost_text(front, most_expensive), dots=dots)
