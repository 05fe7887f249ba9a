"""How long answers took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..results.metrics.cells import by_cell
from ..types import Record
from .cells import CellKey, PlottedRun, cells_of, common_parts, short_names
from .figures import (
    COLOURS,
    MARKERS,
    clear_frame,
    explain_empty,
    figure_of,
    label_x,
    panels,
    plain,
    write_in_row,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_latency(
    run: PlottedRun, *, task: str | None = None, strategy: str | None = None, ax: Axes | None = None
) -> Figure:
    """Return a figure with the latency of every answer in seconds, per cell, with median and 90th percentile.

    Latency lasts from the first request of an answer to its score, including the wait for a free slot,
    so it depends on the machine and on how many calls are in flight. Answers that
    came from a cache or a cassette were not measured: they are counted, not drawn. Raises UsageError.
    """
    records = by_cell(run.records)
    keys = [key for key in cells_of(run, task, strategy) if key in records]
    (axes,) = panels([""], ax, width=7.2, height=1.3 + 0.5 * max(1, len(keys)), what="")
    if keys:
        _draw(axes, {key: records[key] for key in keys})
    else:
        explain_empty(axes, "no records: nothing was asked")
    return figure_of([axes])


def _draw(axes: Axes, cells: Mapping[CellKey, Sequence[Record]]) -> None:
    keys = list(cells)
    for row, key in enumerate(keys):
        _draw_cell(axes, row, measured(cells[key]), len(cells[key]))
    names = short_names(keys)
    axes.set_yticks(range(len(keys)), [plain(names[key], 48) for key in keys], fontsize=9)
    axes.set_ylim(len(keys) - 0.4, -0.6)
    axes.set_xlim(left=0)
    clear_frame(axes, grid="x")
    axes.plot([], [], "|", color="black", ms=16, mew=2, label="median")
    axes.plot([], [], ">", color="black", ms=6, label="90th percentile (from 10 answers on)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9)
    label_x(axes, "latency of an answer, seconds", _notes(cells), width=80)


def measured(records: Sequence[Record]) -> list[float]:
    """Return the latencies of the answers that were asked for and not read from a cache or a cassette, in seconds."""
    return [record.latency_s for record in records if record.transcript and not record.cached]


def _draw_cell(axes: Axes, row: int, latencies: Sequence[float], n: int) -> None:
    import numpy as np

    write_in_row(axes, 1.01, row, f"n = {len(latencies)}" + (f" of {n}" if len(latencies) < n else ""))
    if not latencies:
        write_in_row(axes, 0.01, row, "not measured")
        return
    spread = row + 0.36 * (np.arange(len(latencies)) * 0.618034 % 1 - 0.5)  # golden ratio: even, and always the same
    colour, marker = COLOURS[row % len(COLOURS)], MARKERS[row % len(MARKERS)]
    axes.plot(latencies, spread, marker, color=colour, ms=4, alpha=0.6, mew=0)
    axes.plot(np.median(latencies), row, "|", color="black", ms=18, mew=2)
    if len(latencies) >= 10:
        axes.plot(np.quantile(latencies, 0.9), row, ">", color="black", ms=6)


def _notes(cells: Mapping[CellKey, Sequence[Record]]) -> list[str]:
    shared = common_parts(list(cells))
    everything = [record for records in cells.values() for record in records]
    missing = len(everything) - len(measured(everything))
    return [
        *([f"all: {shared}"] if shared else []),
        *([f"not measured: {missing} answers from a cache, a cassette, or without a call"] if missing else []),
    ]
