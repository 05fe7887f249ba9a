"""The win-rate matrix of a tournament as a picture."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

from ...errors import UsageError
from ...io.writable import reason
from ...plots.figures import new_figure
from .leaderboard import Standings

SUFFIXES = (".png", ".svg")
_NAME_WIDTH = 28  # characters


def check_picture(path: Path) -> None:
    """Raise UsageError if the path ends in neither .png nor .svg, or matplotlib is not installed."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--picture {path}: end it in {' or '.join(SUFFIXES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise UsageError("--picture needs matplotlib: pip install 'pytest-hiddenlayer[plots]'") from error


def draw_win_matrix(standings: Standings, path: Path) -> None:
    """Write the win-rate matrix to `path`: rows against columns, the best first, each cell with rate and n.

    Raises UsageError as `check_picture` does, and if the file cannot be written.
    """
    check_picture(path)
    figure = _figure(standings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, bbox_inches="tight", dpi=150)
    except OSError as error:
        raise UsageError(f"--picture {path}: cannot write it ({reason(error)})") from error


def _figure(standings: Standings) -> Any:
    n = len(standings.players)
    figure = new_figure(3.2 + 0.8 * n, 1.4 + 0.8 * n)
    axes = figure.subplots()
    image = _draw_cells(axes, standings)
    numbers = range(1, n + 1)
    names = [f"{number}  {_wrapped(row.player)}" for number, row in zip(numbers, standings.players, strict=True)]
    axes.set_xticks(range(n), [str(number) for number in numbers])
    axes.set_yticks(range(n), names)
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    axes.set_ylabel("player, the best first")
    axes.set_xlabel(f"opponent\n{_decided_by(standings)}")
    figure.colorbar(image, ax=axes, label="win rate, ties as halves")
    return figure


def _draw_cells(axes: Any, standings: Standings) -> Any:
    """Draw the coloured cells with their rates; a pair without a game is grey. Returns the image."""
    from matplotlib import colormaps

    n = len(standings.players)
    rates = [[float("nan") if matchup.rate is None else matchup.rate for matchup in row] for row in standings.matrix]
    image = axes.imshow(rates, cmap=colormaps["RdBu"].with_extremes(bad="#d9d9d9"), vmin=0, vmax=1)
    for i, row in enumerate(standings.matrix):
        for j, matchup in enumerate(row):
            if matchup.rate is not None:
                text = f"{matchup.rate:.2f}\nn = {matchup.games}"
                color = "white" if abs(matchup.rate - 0.5) > 0.25 else "black"
                axes.text(j, i, text, ha="center", va="center", color=color, fontsize=9)
    edges = [index - 0.5 for index in range(1, n)]
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    return image


def _wrapped(player: str) -> str:
    """The name on lines of limited width, a long one broken before `@`. `$` is escaped: it would start a formula."""
    player = player.replace("$", r"\$")
    parts = [player] if len(player) <= _NAME_WIDTH else player.replace("@", "\n@", 1).split("\n")
    return "\n".join(line for part in parts for line in wrap(part, _NAME_WIDTH))


def _decided_by(standings: Standings) -> str:
    by = {"scores": "by headline scores", "judge": f"by judge {standings.judge}", "labels": "by people's labels"}
    return "\n".join(wrap(by[standings.source], 40))
