"""The run of a pytest session: cells are configured before the first item, gates judged after the last one."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import HiddenLayerError
from ..session.gating import with_deselected_gate
from ..session.interruption import HeldBackSignals, terminated_as_interrupted
from ..terminal_escape import visible
from .collect import EvalItem, GateItem, case_of
from .gates import finish
from .quiet_items.garbage import collection_thresholds_restored, long_lived_objects
from .shards import note_shard
from .state import STATE, State, check_ini, check_writable
from .xdist.hosts.digest import send_digest
from .xdist.workers import WORKERS

if TYPE_CHECKING:
    from ..types import Task


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """End what `long_lived_objects` began, after pytest's own last collections: the first cleanup runs last."""
    config.add_cleanup(gc.unfreeze)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """A wrong value in the ini file is a usage error, not an error of each task file."""
    if not hasattr(session.config, "workerinput"):
        check_ini(session.config)
    with collection_thresholds_restored():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Take the gates out of the items, and note which samples of each cell are selected."""
    state = session.config.stash.get(STATE, None)
    if state is None:
        return
    if _only_task_files_failed(state, session):
        session.config.option.continue_on_collection_errors = True
    if session.config.option.collectonly:
        return
    _select(session.config, state, session.items)
    if not state.session.worker and any(cell.selected for cell in state.session.configs.values()):
        check_writable(state)
    note_shard(session.config, state)
    state.session.prepare_early_stopping()
    session.items[:] = [item for item in session.items if not isinstance(item, GateItem)]
    if state.session.worker:
        send_digest(session.config, session.items, state.session)


def _only_task_files_failed(state: State, session: pytest.Session) -> bool:
    """Whether every collection error of the session is a task file's."""
    return bool(state.faulty_files) and session.testsfailed == len(state.faulty_files)


def _select(config: pytest.Config, state: State, items: list[pytest.Item]) -> None:
    selected: dict[tuple[str, ...], dict[str, None]] = {}
    answers: dict[tuple[str, ...], set[tuple[str, int]]] = {}  # a test function may ask for the same one
    must_pass: dict[tuple[str, ...], dict[str, None]] = {}
    gates, possible = {}, {}
    tasks: dict[tuple[str, ...], Task] = {}
    for item in items:
        if isinstance(item, GateItem):
            gates[item.cell_key] = item.nodeid
        elif (case := case_of(item)) is not None:
            selected.setdefault(case.cell.key, {})[case.sample.id] = None
            answers.setdefault(case.cell.key, set()).add((case.sample.id, case.epoch))
            tasks[case.cell.key] = case.cell.task
            if case.sample.must_pass:
                must_pass.setdefault(case.cell.key, {})[case.sample.id] = None
            if isinstance(item, EvalItem):
                possible[case.cell.key] = f"{item.parent.nodeid}::gate[{case.cell.params}]"
    planned = {
        key: replace(
            cell,
            selected=_in_task_order(tasks[key], selected[key]) if key in selected else (),
            must_pass=_in_task_order(tasks[key], must_pass.get(key, {})) if key in selected else (),
            answers=len(answers.get(key, ())),
            gate_id=gates.get(key),
        )
        for key, cell in state.session.configs.items()
        if key in selected or key in gates
    }
    chosen = _user_chose_items(config)
    state.session.configs = {
        key: with_deselected_gate(cell, possible.get(key), state.session.options, chosen_by_user=chosen)
        for key, cell in planned.items()
    }
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["hl_cells"] = json.dumps([asdict(cell) for cell in state.session.configs.values()])


def _in_task_order(task: Task, selected: dict[str, None]) -> tuple[str, ...]:
    """The ids in the order of the task, whatever the order of the items is: another plugin may have shuffled them."""
    known = {sample.id: None for sample in task.samples if sample.id in selected} if selected else {}
    return tuple(known | selected)


def _user_chose_items(config: pytest.Config) -> bool:
    """Whether an option or an id selects items. Else another plugin left some out, such as one that splits a run."""
    options = ("keyword", "markexpr", "deselect", "lf", "stepwise")
    return any(config.getoption(name, None) for name in options) or any("::" in argument for argument in config.args)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, Any, Any]:
    """After the last item: metrics, snapshots and gates, on the controller only.

    Inside the terminal reporter's wrapper, which ends the progress with 100 % when the gates are reported.
    """
    state = session.config.stash.get(STATE, None)
    if state is not None and not state.session.worker:
        session.testscollected += sum(cell.gate_id is not None for cell in state.session.configs.values())
    signals = _ending_signals(session.config, state)
    with signals, long_lived_objects() if state is not None and state.session.configs else nullcontext():
        try:
            result = yield
        except session.Failed:  # -x, --maxfail, --sw: answers count, but cells are not complete enough to be judged
            _stop(session, state)
            raise
        except (KeyboardInterrupt, pytest.exit.Exception):
            if state is not None:
                state.session.updating = False  # an interrupted run writes no snapshots
            _stop(session, state)
            raise
        if state is not None and state.lost_worker:
            state.session.add_logged_records()  # of the item that the worker did not report
        _end(session, gated=True)
    return result


def _ending_signals(config: pytest.Config, state: State | None) -> AbstractContextManager[None]:
    """A SIGTERM ends the run as Ctrl-C does, and after the last item when its summary is printed."""
    if state is None or state.session.worker:
        return nullcontext() if state is None else terminated_as_interrupted()
    then = HeldBackSignals()
    config.add_cleanup(partial(then.release, partial(_flush, config)))
    return terminated_as_interrupted(then)


def _flush(config: pytest.Config) -> None:
    """Write what was printed: a signal that ends the process loses what is in a buffer."""
    if config.pluginmanager.has_plugin("terminalreporter"):
        config.get_terminal_writer().flush()
    sys.stdout.flush()


def _stop(session: pytest.Session, state: State | None) -> None:
    """End a session early: conclude what was answered, also what no item has reported yet."""
    if state is not None and not state.session.worker and state.session.configs:
        state.stopped = True
        if (workers := session.config.pluginmanager.get_plugin(WORKERS)) is not None and workers.active:
            workers.end()  # what they still wrote would be in the log and not in the summary
        else:
            for text in state.session.pending_batches():
                state.messages.put(text)
            state.session.close()
        state.session.add_logged_records()
    _end(session, gated=False)


def _end(session: pytest.Session, *, gated: bool) -> None:
    finish(session, gated=gated)
    state = session.config.stash.get(STATE, None)
    if state is not None:
        state.session.release_batches()
        if not state.session.worker:
            for text in state.session.pending_batches():
                state.messages.put(text)
            state.session.close_providers()  # what a recorder cannot write is said at the end of the output


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    state = config.stash.get(STATE, None)
    if state is None:
        return
    try:
        state.session.close()
    except HiddenLayerError as error:  # such as a cassette that was damaged while the run went on
        config.get_terminal_writer().line(f"hiddenlayer: {visible(str(error))}", red=True)
