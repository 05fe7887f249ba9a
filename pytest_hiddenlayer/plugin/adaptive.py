"""`--hl-adaptive`: epochs that could not change a cell's verdict any more are not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .collect import EvalItem
from .state import STATE, State

if TYPE_CHECKING:
    from ..results.regression.baseline import CellKey
    from ..results.regression.early_stopping import Adaptive
    from ..stats.sequential.group_sequential import Decision
    from ..types import Record


@dataclass(kw_only=True, slots=True)
class EarlyStopping:
    """The cells that may end early, and how far the answers have been read."""

    cells: Mapping[CellKey, Adaptive]
    read: int = 0  # records of this process, or bytes of the run's log on a worker

    def decision(self, state: State, key: CellKey) -> Decision | None:
        """What is decided of a cell by the answers so far."""
        for record in self._new(state):
            if record.cell in self.cells:
                self.cells[record.cell].add(record)
        return self.cells[key].decision()

    def _new(self, state: State) -> Iterator[Record]:
        """Answers since the last look; a worker reads those of the others from the run's log."""
        if state.worker:
            from ..results.log.run_log import read_on

            records, self.read = read_on(state.runlog.folder, self.read)
            yield from records
        else:
            yield from state.records[self.read :]
            self.read = len(state.records)


def prepare(state: State) -> None:
    """Find the cells that may end early: those with epochs to save, a gate and a baseline."""
    if not state.options.adaptive or state.updating or state.options.gate == "threshold":
        return
    from ..results.regression.early_stopping import stoppable_cells
    from ..session.policy import match_of
    from .baselines import baseline_of

    gated = [plan for plan in state.plans.values() if plan.gate_id is not None and plan.selected]
    cells = stoppable_cells(gated, lambda plan: baseline_of(state, plan.key), match_of(state.options))
    state.adaptive = EarlyStopping(cells=cells)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip an item whose cell was decided by the epochs before."""
    state = item.config.stash.get(STATE, None)
    decision = None if state is None else decided_before(state, item)
    if decision is not None and isinstance(item, EvalItem):
        planned = item.hl_case.cell.epochs
        reason = f"adaptive: {decision.verdict} was decided after epoch {decision.look} of {planned}"
        raise pytest.skip.Exception(reason, _use_item_location=True)


def decided_before(state: State, item: pytest.Item) -> Decision | None:
    """What made the item's epoch needless; None where it is to be asked."""
    if state.adaptive is None or not isinstance(item, EvalItem) or item.hl_case.epoch == 1:
        return None
    key = item.hl_case.cell.key
    decision = state.adaptive.decision(state, key) if key in state.adaptive.cells else None
    return decision if decision is not None and decision.look < item.hl_case.epoch else None


def may_ask_ahead(state: State, running: EvalItem, other: EvalItem) -> bool:
    """Whether an answer may be asked for before its turn: not where its epoch may turn out needless."""
    now, then = running.hl_case, other.hl_case
    if then.epoch == 1 or state.adaptive is None or then.cell.key not in state.adaptive.cells:
        return True
    return (now.cell.key, now.epoch) == (then.cell.key, then.epoch)


def decisions(state: State) -> dict[CellKey, Decision | None]:
    """What the sequential test says of the cells that could have ended early."""
    watch = state.adaptive
    return {} if watch is None else {key: watch.decision(state, key) for key in watch.cells}


def savings(state: State) -> str | None:
    """What ending early saved, in one sentence; None where it was not asked for."""
    if state.adaptive is None:
        return None
    from ..results.regression.early_stopping import savings_message

    decisions(state)  # takes note of the last answers
    cells = state.adaptive.cells
    return savings_message(cells, sum(record.cell in cells for record in state.records))
