"""Strategies by score and budget, against the votes of plain samples, with the Pareto set of each task and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..analysis.strategy_bench.leaderboard import Leaderboard
from ..errors import UsageError, did_you_mean
from ..results.budget_match.pareto import Point
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
    panels,
    plain,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEGEND_ROWS = 16  # of one column of the legend
_LEGEND_CHARACTERS = 32
_MOST_BARS = 8  # with more strategies, the bars are faint, so that points are seen


def plot_strategy_bench(boards: Sequence[Leaderboard], *, task: str | None = None, ax: Axes | None = None) -> Figure:
    """Return a figure with a panel per task and model: score with 95 % interval against the budget of an answer.

    Filled points are Pareto-optimal. The grey line is the vote of 1, 2, 4, … plain samples: what a strategy above
    it gains, the same budget does not. Raises UsageError for an unknown task, or without matplotlib.
    """
    tasks = list(dict.fromkeys(board.task for board in boards))
    if task is not None and task not in tasks:
        raise UsageError(f"task {task!r}: compared were {', '.join(tasks) or 'none'}{did_you_mean(task, tasks)}")
    shown = [board for board in boards if task in (None, board.task)]
    names = [f"{board.task} · {board.provider} {board.slug}".rstrip() for board in shown]
    columns = max((_columns(len(board.rows)) for board in shown), default=1)
    axes = panels(names, ax, width=9.6 + 3.2 * (columns - 1), height=4.6, what="one per task and model")
    for board, one in zip(shown, axes, strict=False):
        _draw(one, board)
    if not shown:
        explain_empty(axes[0], "no records: nothing was asked")
    return figure_of(axes)


def _draw(axes: Axes, board: Leaderboard) -> None:
    votes = {vote.name for vote in board.votes}
    strategies = [point for point in board.front.points if point.name not in votes]
    if not strategies:
        explain_empty(axes, f"no strategy has enough scores and a known cost: {', '.join(board.front.left_out)}")
        return
    _draw_votes(axes, board, [point for point in board.front.points if point.name in votes])
    for number, point in enumerate(strategies):
        _draw_point(axes, board, point, number, faint=len(strategies) > _MOST_BARS)
    _write_numbers(axes, board, strategies)
    axes.set_ylim(-0.03, 1.03)
    budgets = [point.cost(board.unit) or 0.0 for point in board.front.points]
    if min(budgets) > 0 and max(budgets) > 8 * min(budgets):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(_whole)
        axes.xaxis.set_minor_formatter(_some)
    else:
        axes.set_xlim(left=0)
    axes.set_ylabel("score, with 95 % interval", fontsize=9)
    clear_frame(axes, grid="both")
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=8, frameon=False, ncols=_columns(len(strategies))
    )
    left_out = [name for name in board.front.left_out if name not in votes]
    notes = [f"left out, too few scores or unknown cost: {', '.join(left_out)}"] if left_out else []
    label_x(axes, f"mean budget of an answer, {BUDGET_UNITS[board.unit]}", notes)


def _columns(strategies: int) -> int:
    """How many columns the legend has: a row per strategy, and one for the votes."""
    return -(-(strategies + 1) // _LEGEND_ROWS)


def _cut(label: str) -> str:
    """A label that is short enough for the axes, with its end, in which parameters differ."""
    return label if len(label) <= _LEGEND_CHARACTERS else f"{label[: _LEGEND_CHARACTERS - 11]}…{label[-10:]}"


def _whole(value: float, position: float) -> str:
    """A tick of a logarithmic axis without powers."""
    return f"{value:,g}"


def _some(value: float, position: float) -> str:
    """A tick between powers of ten: only 2 and 5 have a number."""
    return f"{value:,g}" if f"{value:e}"[0] in "25" else ""


def _draw_votes(axes: Axes, board: Leaderboard, votes: Sequence[Point]) -> None:
    if votes:
        x = [point.cost(board.unit) or 0.0 for point in votes]
        y = [point.score.mean or 0.0 for point in votes]
        axes.plot(x, y, color=GREY, lw=1.2, ls="--", marker=".", zorder=1, label="vote of 1, 2, 4, … samples")


def _draw_point(axes: Axes, board: Leaderboard, point: Point, number: int, *, faint: bool) -> None:
    budget, score = point.cost(board.unit) or 0.0, point.score.mean or 0.0
    optimal = point.name not in board.front.dominated_by
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[(number // len(COLOURS)) % len(MARKERS)]
    axes.plot(
        budget,
        score,
        marker,
        color=colour,
        mfc=colour if optimal else "white",
        ms=6,
        label=f"{number + 1}  {plain(_cut(point.name))}",
    )
    bars = bars_around(score, point.score.ci95)
    axes.errorbar(budget, score, yerr=bars, fmt="none", ecolor=colour, elinewidth=0.8, alpha=0.3 if faint else 1.0)


def _write_numbers(axes: Axes, board: Leaderboard, points: Sequence[Point]) -> None:
    """Write the number of each point next to it; those of points at one place together."""
    places: dict[tuple[float, float], list[str]] = {}
    for number, point in enumerate(points, 1):
        place = (round(point.cost(board.unit) or 0.0, 2), round(point.score.mean or 0.0, 2))
        places.setdefault(place, []).append(str(number))
    for place, numbers in places.items():
        axes.annotate(", ".join(numbers), place, xytext=(5, 4), textcoords="offset points", fontsize=7)
