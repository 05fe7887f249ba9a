"""Running: answers ahead of the running item, gates after the last one, xdist's two sides."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import HiddenLayerError
from .adaptive import decided_before, may_ask_ahead, prepare
from .collect import EvalItem, GateItem
from .equal_budget import keep_controls
from .gates import finish
from .state import STATE, State, state_of

if TYPE_CHECKING:
    from ..engine.cases import Case

AHEAD = 16
"""Items whose answers are asked for before their turn; none with -x or --maxfail."""


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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Ask for this item's answer and for those of the next ones, so that they are decoded together."""
    state = item.config.stash.get(STATE, None)
    if state is None or not state.plans or decided_before(state, item) is not None:
        return
    if state.worker:
        ahead = [item, nextitem]
    elif item.config.option.maxfail:
        ahead = [item]
    else:
        at = _position(item.session, item)
        ahead = list(item.session.items[at : at + AHEAD])
    for one in ahead:
        if isinstance(one, EvalItem) and (not isinstance(item, EvalItem) or may_ask_ahead(state, item, one)):
            _prefetch(state, one)


_AT = pytest.StashKey[dict[str, int]]()


def _position(session: pytest.Session, item: pytest.Item) -> int:
    if _AT not in session.stash:
        session.stash[_AT] = {found.nodeid: i for i, found in enumerate(session.items)}
    return session.stash[_AT][item.nodeid]


def _prefetch(state: State, item: EvalItem) -> None:
    done = item.stash.get(_ASKED, False)
    if done or not getattr(item.parent, "ahead", False):
        return
    item.stash[_ASKED] = True
    try:
        state.waiting[item.nodeid] = state.runtime.submit(item.hl_case, on_control=keep_controls(item))
    except HiddenLayerError:
        return  # the item's own fixtures meet the same error and report it


_ASKED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, Any, Any]:
    """After the last item: figures, snapshots and gates, on the controller only."""
    state = session.config.stash.get(STATE, None)
    if state is not None and not state.worker:
        session.testscollected += sum(plan.gate_id is not None for plan in state.plans.values())
    try:
        result = yield
    except session.Failed:  # -x or --maxfail: what was answered counts, cells are not whole enough to gate
        finish(session, gated=False)
        raise
    finish(session, gated=True)
    return result


class Workers:
    """The controller's side of xdist."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker which run it belongs to."""
        state = state_of(node.config)
        node.workerinput["hl_run_id"] = state.run_id
        node.workerinput["hl_command"] = ["pytest", *map(str, node.config.invocation_params.args)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over the plans of a worker; all workers planned the same."""
        from ..results.figures import CellPlan

        state = state_of(node.config)
        sent = (getattr(node, "workeroutput", None) or {}).get("hl_plans")
        if sent and not state.plans:
            plans = [CellPlan(**{**plan, "selected": tuple(plan["selected"])}) for plan in json.loads(sent)]
            state.plans = {plan.key: plan for plan in plans}


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    state = config.stash.get(STATE, None)
    if state is not None:
        state.close()
