"""The baseline of a cell, read once a session."""

from __future__ import annotations

from ..errors import HiddenLayerError
from ..results.metrics.cells import CellConfig
from ..results.regression.references import BaselineLookup, Reference, find_baseline, open_reference
from .state import State


def baseline_of(state: State, cell: tuple[str, ...]) -> BaselineLookup:
    """The baseline of a cell: `--baseline`, else the committed snapshot."""
    if cell not in state.baselines:
        plan = state.plans.get(cell)
        state.baselines[cell] = BaselineLookup() if plan is None else _find(state, plan)
    found: BaselineLookup = state.baselines[cell]
    return found


def _find(state: State, plan: CellConfig) -> BaselineLookup:
    reference = _reference(state)
    return reference if isinstance(reference, BaselineLookup) else find_baseline(plan, reference)


def _reference(state: State) -> Reference | BaselineLookup:
    """What `--baseline` names; a fault of every cell where it names nothing."""
    if state.reference is None:
        where = state.config.invocation_params.dir
        try:
            state.reference = open_reference(
                state.options.baseline, root=state.root, where=where, current=state.run_id
            )
        except HiddenLayerError as error:
            state.reference = BaselineLookup(fault=f"the baseline cannot be used: {error}")
    found: Reference | BaselineLookup = state.reference
    return found
