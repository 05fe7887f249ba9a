"""`hiddenlayer runs`: the runs of this project, the latest first."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from ..terminal_escape import json_text, visible
from .argument_types import at_least, current_project

if TYPE_CHECKING:
    from ..results.log.run_listing import RunEntry

HELP = "list the runs of this project: date, tasks, models, score, cost"
EPILOG = """examples:
  hiddenlayer runs                  the latest 20
  hiddenlayer runs --task sums --n 100
  hiddenlayer runs --json           for scripts: each run with tasks, models, score and cost

exit status: 0 success, also without a run; 4 a wrong option
"""
HEADERS = ("run", "started (UTC)", "tasks", "strategies", "models", "scored", "mean score", "cost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many runs, of which task, and how they are printed."""
    parser.add_argument("--n", type=at_least(1), default=20, metavar="N", help="list at most N runs (default: 20)")
    parser.add_argument("--task", metavar="NAME", help="only runs of this task")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one row per run; returns 0, also if there are no runs."""
    from ..report.text_table import grid
    from ..results.log.run_listing import list_runs

    project = current_project()
    entries = [e for e in list_runs(project.reports) if arguments.task is None or arguments.task in e.tasks]
    shown = entries[: arguments.n]
    if arguments.json:
        print(json_text([entry.to_json() for entry in shown]))
        return 0
    if not entries:
        print(f"no run under {project.reports / 'runs'}; make one with: hiddenlayer run")
        return 0
    rows = [_row(entry) for entry in shown]
    print(grid(HEADERS, rows, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))
    if len(shown) < len(entries):
        print(f"{len(entries) - len(shown):,} older runs; --n {len(entries)} lists them all")
    return 0


def _row(entry: RunEntry) -> tuple[str, ...]:
    score = "?" if entry.score is None else f"{entry.score:.3f}"
    return (
        entry.run_id,
        (entry.started_at or "?")[:19].replace("T", " "),
        _names(entry.tasks),
        _names(entry.strategies),
        _names(entry.models),
        f"{entry.n_scored}/{entry.n_selected}" if entry.n_scored is not None else "?",
        score if entry.cells == 1 else f"{score} ({entry.cells} cells)",
        "?" if entry.cost_usd is None else f"${entry.cost_usd:.4f}" if entry.cost_usd else "$0",
    )


def _names(names: tuple[str, ...], limit: int = 2) -> str:
    more = f" +{len(names) - limit}" if len(names) > limit else ""
    return visible(", ".join(names[:limit]) + more) or "?"
