"""The baseline of a cell, read once a session."""

from __future__ import annotations

from ..results.baselines import Found, find_baseline
from .state import State


def baseline_of(state: State, cell: tuple[str, ...]) -> Found:
    """The baseline of a cell: `--baseline`, else the committed snapshot."""
    if cell not in state.baselines:
        plan = state.plans.get(cell)
        where = state.config.invocation_params.dir
        state.baselines[cell] = (
            Found()
            if plan is None
            else find_baseline(plan, state.options.baseline, root=state.root, where=where, current=state.run_id)
        )
    found: Found = state.baselines[cell]
    return found
