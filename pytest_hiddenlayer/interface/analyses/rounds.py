"""The debates of a finished run, round by round."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...analysis.debates.analysis import CellDebates, debates_of_run
from ...analysis.debates.gain import DRAWS
from ..runs import Run, load_run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class DebateRounds:
    """Every cell with debates; `print` shows the tables of `hiddenlayer rounds`."""

    cells: tuple[CellDebates, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON values, as `hiddenlayer rounds --json` prints them."""
        return [cell.to_json() for cell in self.cells]

    def df(self) -> pd.DataFrame:
        """One row per cell, round and measure: mean and 95 % interval. Needs pandas.

        `debates` is `going on` or `carried forward`: debates that stopped keep their last answers.
        """
        from ..frames import frame

        return frame([row for cell in self.cells for row in _rows(cell)])

    def to_markdown(self) -> str:
        """The tables as Markdown."""
        from ...analysis.debates.text import debates_markdown

        return debates_markdown(self.cells)

    def __repr__(self) -> str:
        from ...analysis.debates.text import debates_text

        return debates_text(self.cells, width=150, colour=False)


def debate_rounds(
    run: Run | str = "last",
    *,
    task: str | None = None,
    strategy: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    cwd: str | Path | None = None,
) -> DebateRounds:
    """Return what happened in the debates of a run, round by round; no model is asked.

    `strategy` is a label, such as `"debate:n_agents=5"`. `draws` are those of the bootstrap interval of the
    share of the gain that voting explains, by `seed`. Raises UsageError if the run does not exist or has no debate
    of this task and strategy.
    """
    loaded = run if isinstance(run, Run) else load_run(run, cwd=cwd)
    return DebateRounds(tuple(debates_of_run(loaded.records, task=task, strategy=strategy, draws=draws, seed=seed)))


def _rows(cell: CellDebates) -> list[dict[str, Any]]:
    task, label, provider, slug = cell.key
    named = {"task": task, "strategy": label, "provider": provider, "model": slug}
    rows = []
    for one in cell.rounds:
        for kind, estimates in (("going on", one.of_debating), ("carried forward", one.carried)):
            for measure, found in estimates.items():
                low, high = found.ci95 or (None, None)
                values = {"mean": found.mean, "ci95_low": low, "ci95_high": high, "questions": found.n}
                rows.append({**named, "round": one.round, "debates": kind, "measure": measure, **values})
    return rows
