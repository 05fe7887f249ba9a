"""Reliability: whether answers are right as often as their confidence says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .cells import PlottedRun, cells_of, short_names
from .figures import COLOURS, GREY, bars_around, clear_frame, explain_empty, figure_of, label_x, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_calibration(
    run: PlottedRun, *, task: str | None = None, strategy: str | None = None, ax: Axes | None = None
) -> Figure:
    """Return a figure with a reliability diagram per cell: share of right answers against mean confidence.

    One point per filled bin of width 0.1, with 95 % interval and number of answers; on the
    diagonal, confidence is what it says. A cell of which fewer than 10 scored answers have a
    confidence (stated, vote share or token probability) says so instead. Raises UsageError.
    """
    cells = cells_of(run, task, strategy)
    names = short_names(list(cells))
    axes = panels([names[key] for key in cells], ax, width=4.2, height=4.4, what="one per cell")
    for cell, one in zip(cells.values(), axes, strict=False):
        _draw(one, cell)
    if not cells:
        explain_empty(axes[0], "no cell: nothing was scored")
    return figure_of(axes)


def _draw(axes: Axes, cell: Mapping[str, Any]) -> None:
    calibration = cell.get("calibration")
    if not calibration:
        explain_empty(axes, "no calibration: fewer than 10 scored answers have a confidence")
        return
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--")
    for one in calibration["bins"]:
        _draw_bin(axes, one)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.13)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.set_ylabel("share of right answers, with 95 % interval", fontsize=9)
    clear_frame(axes, grid="both")
    ece, brier = calibration["ece"]["mean"], calibration["brier"]["mean"]
    note = f"n = {calibration['n']}, Brier score {brier:.3f}, ECE {ece:.3f} (biased upwards for few answers)"
    label_x(axes, f"mean confidence: {calibration['confidence']}", [note], width=44)


def _draw_bin(axes: Axes, one: Mapping[str, Any]) -> None:
    share, interval = one["accuracy"]["mean"], one["accuracy"]["ci95"]
    axes.errorbar(
        one["confidence"],
        share,
        yerr=bars_around(share, interval),
        fmt="o",
        color=COLOURS[0],
        mfc=COLOURS[0] if interval else "white",
        capsize=3,
        ms=6,
    )
    top = max(share, interval[1] if interval else share)
    axes.annotate(
        str(one["n"]),
        (one["confidence"], top),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )
