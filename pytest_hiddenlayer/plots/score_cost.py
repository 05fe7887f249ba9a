"""Score against cost, with the Pareto front of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.budget_match.compare import compare_budget_matched
from ..results.budget_match.pareto import ParetoFront, Point, fronts
from .cells import PlottedRun, cells_of
from .figures import (
    BUDGET_UNITS,
    COLOURS,
    GREY,
    MARKERS,
    bars_around,
    clear_frame,
    explain_empty,
    figure_of,
    label_x,
    listed,
    panels,
    plain,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OFFSETS = ((6, 4), (6, -10), (-12, 4), (-12, -10))  # of a point's number, in points: neighbours do not overlap


def plot_score_cost(run: PlottedRun, *, task: str | None = None, ax: Axes | None = None) -> Figure:
    """Return a figure with a panel per task: score with 95 % interval against the mean cost of an answer.

    Filled points are Pareto-optimal: no other configuration is at least as good and as cheap.
    Under `equal_budget`, votes over control samples are points too. The cost is in US dollars if
    it is known for all and not 0 for all, else in tokens, else in calls; the figure says why, and
    which configurations have no known cost. Scores are estimates: read the intervals. Raises UsageError.
    """
    cells_of(run, task)
    found = fronts(run.records, compare_budget_matched(run.records))
    shown = [front for front in found if task is None or front.task == task]
    axes = panels([front.task for front in shown], ax, width=8.6, height=3.8, what="one per task")
    for front, one in zip(shown, axes, strict=False):
        _draw(one, front)
    if not shown:
        explain_empty(axes[0], "no records: nothing was asked")
    return figure_of(axes)


def _draw(axes: Axes, front: ParetoFront) -> None:
    if not front.points:
        explain_empty(axes, f"no configuration has a score and a known cost: {', '.join(front.left_out)}")
        return
    model = _shared_model(front)
    for number, point in enumerate(front.points):
        _draw_point(axes, front, point, number, point.name.removesuffix(model))
    _draw_front(axes, front)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(left=0)
    axes.set_ylabel("score, with 95 % interval", fontsize=9)
    clear_frame(axes, grid="both")
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=8, frameon=False)
    label_x(axes, f"mean cost of an answer, {BUDGET_UNITS[front.unit]}", _notes(front, model))


def _draw_point(axes: Axes, front: ParetoFront, point: Point, number: int, name: str) -> None:
    score, cost = point.score.mean or 0.0, point.cost(front.unit) or 0.0
    optimal = point.name not in front.dominated_by
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
    label = f"{number + 1}  {plain(name)}" + ("" if optimal else " (dominated)")
    axes.errorbar(
        cost,
        score,
        yerr=bars_around(score, point.score.ci95),
        fmt=marker,
        color=colour,
        mfc=colour if optimal else "white",
        ms=7,
        capsize=3,
        label=label,
    )
    away = _OFFSETS[number % len(_OFFSETS)]
    axes.annotate(str(number + 1), (cost, score), xytext=away, textcoords="offset points", fontsize=8)


def _draw_front(axes: Axes, front: ParetoFront) -> None:
    """Draw what is reached at each cost: steps through the Pareto-optimal points."""
    best = [point for point in front.points if point.name not in front.dominated_by]
    x = [point.cost(front.unit) or 0.0 for point in best]
    y = [point.score.mean or 0.0 for point in best]
    axes.step(x, y, where="post", color=GREY, lw=1, ls="--", zorder=1)


def _shared_model(front: ParetoFront) -> str:
    """What the names of all points end in, with the space before it: the model, if there is one only."""
    ends = {" " + point.name.rpartition(" ")[2] for point in front.points}
    return ends.pop() if len(ends) == 1 else ""


def _notes(front: ParetoFront, model: str) -> list[str]:
    notes = [f"all:{model}"] if model else []
    if front.unit != "cost_usd":
        unknown = [point.name for point in front.points if point.cost("cost_usd") is None]
        notes.append(f"cost in US dollars unknown: {listed(unknown)}" if unknown else "all calls cost 0 US dollars")
    if front.unit == "calls":
        unknown = [point.name for point in front.points if point.cost("tokens") is None]
        notes.append(f"tokens unknown: {listed(unknown)}")
    if front.left_out:
        notes.append(f"left out, no score or unknown cost: {', '.join(front.left_out)}")
    return notes
