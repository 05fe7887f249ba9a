"""Running: the cells planned before the first item, the gates after the last one."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from .adaptive import prepare
from .collect import GateItem
from .gates import finish
from .state import STATE, State

if TYPE_CHECKING:
    from ..engine.cases import Case


def case_of(item: pytest.Item) -> Case | None:
    """The case of an eval item: of a task file or of a marked function; None for any other test."""
    planned = getattr(item, "hl_case", None)
    if planned is None and (callspec := getattr(item, "callspec", None)) is not None:
        planned = callspec.params.get("hl_case")
    return planned


def only_task_files_failed(state: State, session: pytest.Session) -> bool:
    """Whether every collection error of the session is a task file's."""
    return bool(state.task_faults) and session.testsfailed == len(state.task_faults)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Take the gates out of the items, and plan the cells by what is selected."""
    state = session.config.stash.get(STATE, None)
    if state is None:
        return
    if only_task_files_failed(state, session):
        session.config.option.continue_on_collection_errors = True
    if session.config.option.collectonly:
        return
    _plan(state, session.items)
    prepare(state)
    session.items[:] = [item for item in session.items if not isinstance(item, GateItem)]


def _plan(state: State, items: list[pytest.Item]) -> None:
    selected: dict[tuple[str, ...], dict[str, None]] = {}
    gates = {}
    for item in items:
        if isinstance(item, GateItem):
            gates[item.plan_key] = item.nodeid
        elif (case := case_of(item)) is not None:
            selected.setdefault(case.cell.key, {})[case.sample.id] = None
    state.plans = {
        key: replace(plan, selected=tuple(selected.get(key, ())), gate_id=gates.get(key))
        for key, plan in state.plans.items()
        if key in selected or key in gates
    }
    output = getattr(state.config, "workeroutput", None)
    if output is not None:
        output["hl_plans"] = json.dumps([asdict(plan) for plan in state.plans.values()])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, Any, Any]:
    """After the last item: figures, snapshots and gates, on the controller only."""
    state = session.config.stash.get(STATE, None)
    if state is not None and not state.worker:
        session.testscollected += sum(plan.gate_id is not None for plan in state.plans.values())
    try:
        with _left_alone(state):
            result = yield
    except session.Failed:  # -x or --maxfail: what was answered counts, cells are not whole enough to gate
        _end(session, gated=False)
        raise
    _end(session, gated=True)
    return result


@contextmanager
def _left_alone(state: State | None) -> Iterator[None]:
    """The collected items live to the end: Python's collector need not look at them again and again.

    Source: the documentation of `gc.freeze`. Nothing is done in a session without evals.
    """
    if state is None or not state.plans:
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _end(session: pytest.Session, *, gated: bool) -> None:
    finish(session, gated=gated)
    state = session.config.stash.get(STATE, None)
    if state is not None:
        state.release()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    state = config.stash.get(STATE, None)
    if state is not None:
        state.close()
