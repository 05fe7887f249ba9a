"""Scores of cells with their intervals, of one run or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .cells import CellKey, PlottedRun, cells_of, check_run, common_parts, short_names
from .figures import (
    COLOURS,
    MARKERS,
    bars_around,
    clear_frame,
    explain_empty,
    figure_of,
    label_x,
    listed,
    panels,
    plain,
    write_in_row,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Cells = Mapping[CellKey, Mapping[str, Any]]


def plot_scores(
    runs: PlottedRun | Sequence[PlottedRun] | Mapping[str, PlottedRun],
    *,
    task: str | None = None,
    strategy: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the score of every cell, its 95 % interval and its number of samples.

    Scores lie in [0, 1]. Several runs have a colour and a marker each; a mapping names them. The
    intervals are those of single cells: whether two cells differ is a question for `compare_runs`,
    which pairs their samples. Raises UsageError.
    """
    by_name = {name: cells_of(run, task, strategy) for name, run in named(runs).items()}
    keys = list(dict.fromkeys(key for cells in by_name.values() for key in cells))
    (axes,) = panels([""], ax, width=7.2, height=1.3 + 0.3 * max(1, len(keys) * len(by_name)), what="")
    if keys:
        _draw(axes, by_name, keys)
    else:
        explain_empty(axes, "no cell: nothing was scored")
    return figure_of([axes])


def named(runs: PlottedRun | Sequence[PlottedRun] | Mapping[str, PlottedRun]) -> dict[str, PlottedRun]:
    """Return the runs by name: that of the mapping, else the experiment's, else the id. Raises UsageError."""
    if isinstance(runs, Mapping):
        by_name = {str(name): run for name, run in runs.items()}
    elif isinstance(runs, Sequence) and not isinstance(runs, str):
        for run in runs:
            check_run(run)
        by_name = {run.name or run.run_id: run for run in runs}
        if len(by_name) < len(runs):
            by_name = {run.run_id: run for run in runs}
    else:
        by_name = {"": runs}
    if not by_name:
        raise UsageError("plot_scores: no run was given; pass a run, such as load_run('last')")
    return by_name


def _draw(axes: Axes, by_name: Mapping[str, Cells], keys: Sequence[CellKey]) -> None:
    n = len(by_name)
    for row, key in enumerate(keys):
        numbers = [number for number, cells in enumerate(by_name.values()) if key in cells]
        height = min(0.62, 0.18 * len(numbers))
        for place, number in enumerate(numbers):
            offset = 0.0 if len(numbers) == 1 else height * (place / (len(numbers) - 1) - 0.5)
            _draw_cell(axes, list(by_name.values())[number][key], row + offset, *_style(number))
    for number, name in enumerate(by_name):
        colour, marker = _style(number)
        axes.plot([], [], color=colour, marker=marker, label=plain(name))
    names = short_names(keys)
    axes.set_yticks(range(len(keys)), [plain(names[key], 48) for key in keys], fontsize=9)
    axes.set_ylim(len(keys) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    clear_frame(axes, grid="x")
    if n > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(3, n), frameon=False, fontsize=9)
    label_x(axes, "score, with 95 % interval", _notes(by_name, keys), width=80)


def _style(number: int) -> tuple[str, str]:
    """Colour and marker of a run."""
    return COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]


def _draw_cell(axes: Axes, cell: Mapping[str, Any], y: float, colour: str, marker: str) -> None:
    score, interval = cell.get("score"), cell.get("ci95")
    if score is None:
        write_in_row(axes, 0.01, y, "no score")
    else:
        filled = colour if interval else "white"
        axes.errorbar(
            score, y, xerr=bars_around(score, interval), fmt=marker, color=colour, mfc=filled, ms=6, capsize=3, lw=1.5
        )
    write_in_row(axes, 1.01, y, _size(cell))


def _size(cell: Mapping[str, Any]) -> str:
    """The number of samples, and of answers if it differs: the interval is one over samples."""
    answers = cell.get("n", "?")
    samples = cell.get("n_samples", answers)
    return f"n = {samples}" + (f", {answers} answers" if answers != samples else "")


def _notes(by_name: Mapping[str, Cells], keys: Sequence[CellKey]) -> list[str]:
    shared = common_parts(keys)
    cells = [cell for cells in by_name.values() for cell in cells.values()]
    bare = [f"{c['task']} {c['label']}" for c in cells if c.get("score") is not None and not c.get("ci95")]
    unscored = [f"{c['task']} {c['label']}" for c in cells if c.get("score") is None]
    return [
        *([f"all: {shared}"] if shared else []),
        *([f"no interval (hollow), too little data: {listed(bare)}"] if bare else []),
        *([f"no score, nothing was scored: {listed(unscored)}"] if unscored else []),
    ]
