"""The picture of a tournament: who wins how often against whom."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

from ...errors import UsageError
from .leaderboard import Standings

SUFFIXES = (".png", ".svg")


def check_picture(path: Path) -> None:
    """Raise UsageError for another ending than .png and .svg, and where matplotlib is not installed."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--picture {path}: end it in {' or '.join(SUFFIXES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise UsageError("--picture needs matplotlib: pip install 'pytest-hiddenlayer[plots]'") from error


def draw_win_matrix(found: Standings, path: Path) -> None:
    """Write the win-rate matrix to `path`: rows against columns, the best first, each with rate and n.

    Raises UsageError as `check_picture` does, and where the file cannot be written.
    """
    check_picture(path)
    figure = _figure(found)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, bbox_inches="tight", dpi=150)
    except OSError as error:
        raise UsageError(f"--picture {path}: cannot write it ({error.strerror or error})") from error


def _figure(found: Standings) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n = len(found.players)
    figure = Figure(figsize=(3.2 + 0.8 * n, 1.4 + 0.8 * n))
    FigureCanvasAgg(figure)  # no window, whatever the user's settings say
    axes = figure.subplots()
    image = _cells(axes, found)
    places = range(1, n + 1)
    names = [f"{place}  {_wrapped(row.player)}" for place, row in zip(places, found.players, strict=True)]
    axes.set_xticks(range(n), [str(place) for place in places])
    axes.set_yticks(range(n), names)
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    axes.set_ylabel("this player, the ablest first")
    axes.set_xlabel(f"against that one\n{_by(found)}")
    figure.colorbar(image, ax=axes, label="win rate, ties as halves")
    return figure


def _cells(axes: Any, found: Standings) -> Any:
    """The coloured cells with their figures; grey where there is no game."""
    from matplotlib import colormaps

    n = len(found.players)
    values = [[float("nan") if m.rate is None else m.rate for m in row] for row in found.matrix]
    image = axes.imshow(values, cmap=colormaps["RdBu"].with_extremes(bad="#d9d9d9"), vmin=0, vmax=1)
    for i, row in enumerate(found.matrix):
        for j, meeting in enumerate(row):
            if meeting.rate is not None:
                said = f"{meeting.rate:.2f}\nn = {meeting.games}"
                dark = abs(meeting.rate - 0.5) > 0.25
                axes.text(j, i, said, ha="center", va="center", color="white" if dark else "black", fontsize=9)
    axes.set_xticks([at - 0.5 for at in range(1, n)], minor=True)
    axes.set_yticks([at - 0.5 for at in range(1, n)], minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    return image


def _wrapped(name: str) -> str:
    """The name in lines of at most 28 characters, broken before `@` where it is long; `$` is no formula."""
    name = name.replace("$", r"\$")
    parts = [name] if len(name) <= 28 else name.replace("@", "\n@", 1).split("\n")
    return "\n".join(line for part in parts for line in wrap(part, 28))


def _by(found: Standings) -> str:
    by = {"scores": "by headline scores", "judge": f"by judge {found.judge}", "labels": "by people's labels"}
    return "\n".join(wrap(by[found.source], 40))
