"""The baseline of a cell, read once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.baselines import Found, find_baseline
from ..results.runlog import RUNS
from .state import State

if TYPE_CHECKING:
    from ..results.figures import CellPlan


def baseline_of(state: State, cell: tuple[str, ...]) -> Found:
    """The baseline of a cell: `--baseline`, else the committed snapshot."""
    if cell not in state.baselines:
        plan = state.plans.get(cell)
        state.baselines[cell] = Found() if plan is None else _find(state, plan)
    found: Found = state.baselines[cell]
    return found


def _find(state: State, plan: CellPlan) -> Found:
    where, reference = state.config.invocation_params.dir, state.options.baseline
    if reference == "last" and not (where / reference).exists():
        before = sorted(run.name for run in (state.root / RUNS).glob("*") if run.name != state.run_id)
        if not before:
            return Found(fault=f"--baseline last: no run before this one under {RUNS}")
        reference = before[-1]
    return find_baseline(plan, reference, root=state.root, where=where)
