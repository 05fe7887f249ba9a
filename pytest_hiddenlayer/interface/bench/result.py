"""Compared strategies, as Python sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...analysis.strategy_bench.leaderboard import Leaderboard
from ...types import Record
from .written import LeftOut

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyBench:
    """A leaderboard per task and model; `print` shows the tables of `hiddenlayer bench strategies`."""

    run_id: str
    folder: Path
    leaderboards: tuple[Leaderboard, ...]
    left_out: tuple[LeftOut, ...] = ()  # strategies that did not take part
    errors: tuple[str, ...] = ()  # of the run
    presets: Mapping[str, Sequence[str]] = field(default_factory=dict)  # name → labels of its strategies

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values, as `hiddenlayer bench strategies --json` prints them."""
        return {
            "run_id": self.run_id,
            "leaderboards": [board.to_json() for board in self.leaderboards],
            "presets": {name: list(labels) for name, labels in self.presets.items()},
            "left_out": [{"strategy": one.strategy, "reason": one.reason} for one in self.left_out],
            "errors": list(self.errors),
        }

    def frame(self) -> pd.DataFrame:
        """Returns a row per task, model and strategy, with its differences. Needs pandas."""
        from ..frames import frame

        return frame([_flat(board, row) for board in self.to_json()["leaderboards"] for row in board["strategies"]])

    def plot(self, *, task: str | None = None) -> Figure:
        """Returns a figure with a panel per task and model: score against calls, tokens or cost. Needs matplotlib."""
        from ...plots.strategy_bench import plot_strategy_bench

        return plot_strategy_bench(self.leaderboards, task=task)

    def markdown(self) -> str:
        """Returns the tables as a Markdown document."""
        from ...analysis.strategy_bench.text import leaderboards_markdown, markdown_cell

        lines = "".join(f"- {markdown_cell(text)}\n" for text in self.notes())
        return leaderboards_markdown(self.leaderboards) + (f"\n{lines}" if lines else "")

    def text(self, *, width: int, colour: bool) -> str:
        """Returns the tables for a terminal."""
        from ...analysis.strategy_bench.text import leaderboards_text

        lines = "".join(f"{text}\n" for text in self.notes())
        return leaderboards_text(self.leaderboards, width=width, colour=colour) + lines

    def notes(self) -> Iterator[str]:
        """Yields the labels of presets, what was left out, and the errors of the run, a sentence each."""
        for name, labels in self.presets.items():
            yield f"preset {name} is {', '.join(labels)}"
        for one in self.left_out:
            yield f"left out: {one.strategy}: {one.reason}"
        for error in self.errors:
            yield f"error: {error}"

    def __repr__(self) -> str:
        return self.text(width=150, colour=False)


def _flat(board: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """One row of the frame."""
    score = row["score"]
    flat = {name: board[name] for name in ("task", "provider", "slug", "match")}
    flat |= {name: value for name, value in row.items() if name not in ("score", "compared", "outcomes", "reasons")}
    flat |= {"score": score["mean"], "ci95": score["ci95"], "stderr": score["stderr"]}
    for one in row["compared"]:
        made = one["comparison"] or {}
        name = f"against_{one['against']}"
        flat |= {
            name: made.get("difference"),
            f"{name}_ci95": made.get("ci95"),
            f"{name}_verdict": made.get("verdict"),
        }
    return flat


def full_records(folder: Path) -> Sequence[Record]:
    """Returns the records of a run, with transcripts."""
    from ...results.log.run_log import read_records

    return list(read_records(folder))
