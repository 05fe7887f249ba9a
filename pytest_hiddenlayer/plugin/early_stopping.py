"""`--hl-adaptive`: skip the items of an epoch if earlier epochs have decided the verdict of its cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from .collect import EvalItem
from .state import STATE, State

if TYPE_CHECKING:
    from ..stats.sequential.group_sequential import Decision
    from ..types import Record


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip an item whose cell was decided by earlier epochs."""
    state = item.config.stash.get(STATE, None)
    decision = None if state is None else decided_before(state, item)
    if decision is not None and isinstance(item, EvalItem):
        planned = item.hl_case.cell.epochs
        reason = f"adaptive: {decision.verdict} was decided after epoch {decision.look} of {planned}"
        raise pytest.skip.Exception(reason, _use_item_location=True)


def decided_before(state: State, item: pytest.Item) -> Decision | None:
    """The decision that makes the item's epoch unnecessary; None if the item has to run."""
    stopping = state.session.early_stopping
    if stopping is None or not isinstance(item, EvalItem) or item.hl_case.epoch == 1:
        return None
    stopping.add(_new_records(state))
    return stopping.decided_before(item.hl_case.cell.key, item.hl_case.epoch)


def may_prefetch(state: State, running: EvalItem, item: EvalItem) -> bool:
    """Whether an item's answer may be requested before its turn: not if its epoch may prove unnecessary."""
    case, running_case = item.hl_case, running.hl_case
    stopping = state.session.early_stopping
    if case.epoch == 1 or stopping is None or case.cell.key not in stopping.cells:
        return True
    return (running_case.cell.key, running_case.epoch) == (case.cell.key, case.epoch)


def _new_records(state: State) -> Iterable[Record]:
    """The records since the previous call; a worker reads those of the other workers from the run's log."""
    session = state.session
    if session.worker:
        from ..results.log.run_log import read_new_records

        records, state.records_read = read_new_records(session.run_log.folder, state.records_read)
        return records
    new = session.records[state.records_read :]
    state.records_read = len(session.records)
    return new
