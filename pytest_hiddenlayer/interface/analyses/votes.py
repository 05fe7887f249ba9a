"""Votes of a finished run, replayed under other rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...analysis.votes.comparison import DEFAULT_RULES, ReplayedCell, replay_records
from ..runs import Run, load_run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class VoteReplay:
    """Every cell with samples under every rule, and its pass@k; `print` shows the tables of `hiddenlayer votes`."""

    cells: tuple[ReplayedCell, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON values, as `hiddenlayer votes --json` prints them."""
        return [cell.to_json() for cell in self.cells]

    def df(self) -> pd.DataFrame:
        """One row per cell and rule. Needs pandas."""
        from ..frames import frame

        rows = [
            {**{name: value for name, value in cell.items() if name not in ("rules", "curve")}, **rule}
            for cell in self.to_json()
            for rule in cell["rules"]
        ]
        return frame(rows)

    def __repr__(self) -> str:
        from ...analysis.votes.text import votes_text

        return votes_text(self.cells, width=150, colour=False)


def replay_votes(
    run: Run | str = "last",
    rules: str | Sequence[str] = DEFAULT_RULES,
    *,
    orders: int = 0,
    seed: int = 0,
    cwd: str | Path | None = None,
) -> VoteReplay:
    """Return what each rule would have answered and saved, and pass@k, from the stored samples; no model is asked.

    `rules`, one or several, are parameters of `self_consistency`, such as `"stop=adaptive,batch=2"`. With `orders`
    every question is the mean over that many random orders of its samples. Raises UsageError if the run does not
    exist or has no samples, or if a rule is invalid.
    """
    loaded = run if isinstance(run, Run) else load_run(run, cwd=cwd)
    chosen = [rules] if isinstance(rules, str) else rules
    return VoteReplay(tuple(replay_records(loaded.records, chosen, orders=orders, seed=seed)))
