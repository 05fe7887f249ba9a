"""Two runs compared in one line, with paired verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..project import find_project
from ..results.log.run_listing import RunEntry
from ..results.regression.compare_runs import RunComparison, compare_references
from ..results.regression.pairing import Match
from ..results.regression.references import open_reference
from .outcomes import TEMPLATES
from .runs import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every cell of the new run against its partner in the old one."""

    comparison: RunComparison

    @property
    def verdicts(self) -> dict[tuple[str, str, str, str], str]:
        """(task, strategy, provider, model) → verdict, or `not compared`."""
        return {
            cell.new.key: cell.comparison.verdict if cell.comparison else "not compared"
            for cell in self.comparison.cells
        }

    @property
    def regressed(self) -> bool:
        """Whether any cell is significantly worse."""
        return self.comparison.regressed

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, as `hiddenlayer compare --json` prints them."""
        return self.comparison.to_json()

    def df(self) -> pd.DataFrame:
        """One row per cell: scores, difference, interval, p values, verdict. Needs pandas."""
        from .frames import frame

        return frame([_row(cell) for cell in self.to_json()["cells"]])

    def __str__(self) -> str:
        from ..report.comparison import table

        return table(self.comparison, width=150, colour=False)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from ..report.comparison import headline
        from ..report.html_template import load_template

        rows = [_row(cell) for cell in self.to_json()["cells"]]
        return load_template(TEMPLATES / "comparison.html.jinja").render(
            old=self.comparison.old, new=self.comparison.new, headline=headline(self.comparison), rows=rows
        )


def compare_runs(
    old: Run | RunEntry | str | Path,
    new: Run | RunEntry | str | Path = "last",
    *,
    tasks: Sequence[str] = (),
    match: Match = "hash",
    margin: float = 0.0,
    min_effect: float = 0.05,
    cwd: str | Path | None = None,
) -> Comparison:
    """Compare two runs, snapshot folders or git refs cell by cell, paired by sample.

    `old` and `new` are runs, entries of `runs()`, or references as `hiddenlayer compare` takes them: an id, a path,
    `last`, a git ref, with `@PROVIDER:MODEL` and `#STRATEGY` to select cells. Verdicts have Holm's
    correction over all cells. Raises UsageError if a side does not exist or they have no cell in common.
    """
    start = Path(cwd or Path.cwd())
    project = find_project(start)
    sides = [
        open_reference(_reference(side), root=project.root, cwd=start, reports=project.reports) for side in (old, new)
    ]
    comparison = compare_references(*sides, tasks=tasks, match=match, margin=margin, min_effect=min_effect)
    if not comparison.cells and not comparison.faults:
        raise UsageError(
            f"{comparison.old} and {comparison.new} have no cell (task × strategy × model) in common; "
            "select other strategies or models with #STRATEGY and @PROVIDER:MODEL"
        )
    return Comparison(comparison)


def _reference(side: Run | RunEntry | str | Path) -> str:
    if isinstance(side, Run):
        return str(side.folder)
    if isinstance(side, RunEntry):
        return side.run_id
    if isinstance(side, str | Path):
        return str(side)
    raise UsageError(f"compare_runs(): a side is a run or a reference such as 'last', found {type(side).__name__}")


def _row(cell: dict[str, Any]) -> dict[str, Any]:
    compared = cell["comparison"] or {}
    low, high = compared.get("ci95") or (None, None)
    return {
        "task": cell["task"],
        "old": f"{cell['old']['strategy']} {cell['old']['provider']}:{cell['old']['model']}",
        "new": f"{cell['new']['strategy']} {cell['new']['provider']}:{cell['new']['model']}",
        "pairs": compared.get("n", 0),
        "old_score": (compared.get("old") or {}).get("score"),
        "new_score": (compared.get("new") or {}).get("score"),
        "difference": compared.get("difference"),
        "ci95_low": low,
        "ci95_high": high,
        "p_worse": compared.get("p_worse_holm"),
        "p_better": compared.get("p_better_holm"),
        "verdict": compared.get("verdict", "not compared"),
        "fault": cell["fault"],
    }
