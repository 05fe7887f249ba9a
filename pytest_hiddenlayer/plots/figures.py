"""What all figures share: panels, colours with markers, plain text, notes on what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..terminal_escape import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito 2008, "Color Universal Design", without yellow, which is hard to see on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#6b6b6b"
BUDGET_UNITS = {"cost_usd": "US dollars", "tokens": "tokens, input and output", "calls": "model calls"}
_MOST_PANELS = 120  # below the most pixels that a PNG of matplotlib may have
_COLUMNS = 3  # of a figure with several panels; fewer if they are wide


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, which pyplot does not know. Raises UsageError."""
    try:
        from .notebook_figure import NotebookFigure
    except ImportError:
        raise UsageError(
            "a figure needs matplotlib, which is not installed: pip install 'pytest-hiddenlayer[plots]'"
        ) from None
    return NotebookFigure(width, height)


def panels(names: Sequence[str], ax: Axes | None, *, width: float, height: float, what: str) -> list[Axes]:
    """Return one axes per name, titled with it: `ax` if it is given, else those of a new figure.

    Width and height are those of one panel in inches. Raises UsageError if `ax` is given for several names, and
    for too many names.
    """
    if ax is not None:
        if len(names) > 1:
            raise UsageError(
                f"ax: one axes for {len(names)} panels, {what}: {', '.join(names)}; "
                "select one with `task` and `strategy`, or leave `ax` out"
            )
        return [ax]
    if len(names) > _MOST_PANELS:
        raise UsageError(f"{len(names)} panels, {what}: a figure holds {_MOST_PANELS}; select some with `task`")
    columns = max(1, min(_COLUMNS if width < 5 else 2 if width < 7 else 1, len(names)))
    rows = max(1, -(-len(names) // columns))
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    axes = list(grid.flat)
    for unused in axes[max(1, len(names)) :]:
        unused.remove()
    for one, name in zip(axes, names, strict=False):
        one.set_title(plain(name, 44), fontsize=10)
    return axes[: max(1, len(names))]


def figure_of(axes: Sequence[Axes]) -> Figure:
    """Return the figure that holds these axes."""
    figure: Any = axes[0].figure
    return figure  # type: ignore[no-any-return]


def plain(text: str, width: int = 0) -> str:
    """Return the text as it is shown: `$` starts no formula, and what cannot be printed is an escape.

    It is wrapped if a width in characters is given.
    """
    lines = wrap(visible(text), width) if width else [visible(text)]
    return "\n".join(lines).replace("$", r"\$")


def label_x(axes: Axes, label: str, notes: Sequence[str] = (), width: int = 60) -> None:
    """Label the x axis, and write what is missing below it."""
    lines = [label, *(plain(note, width) for note in notes)]
    axes.set_xlabel("\n".join(lines), fontsize=9)


def explain_empty(axes: Axes, text: str) -> None:
    """Write in an empty panel why it is empty."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, plain(text, 40), color=GREY, fontsize=9, ha="center", va="center", transform=axes.transAxes)


def write_in_row(axes: Axes, x: float, y: float, text: str) -> None:
    """Write a small text; x is a share of the width of the axes, y a value of its y axis."""
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8, color=GREY)


def clear_frame(axes: Axes, *, grid: str) -> None:
    """Remove the upper and right edge, and draw a light grid along one axis (`x`, `y` or `both`)."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#e4e4e4", linewidth=0.8)  # type: ignore[arg-type, unused-ignore]
    axes.set_axisbelow(True)


def bars_around(value: float, interval: Sequence[float] | None) -> list[list[float]] | None:
    """Return the lengths of an error bar, as `errorbar` takes them; None without an interval."""
    if interval is None:
        return None
    low, high = interval
    return [[max(0.0, value - low)], [max(0.0, high - value)]]


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return the names in one sentence, the first ones if there are many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
