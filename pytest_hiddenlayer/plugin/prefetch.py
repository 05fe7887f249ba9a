"""Prefetching: answers are requested before their items run, so that the model is never idle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from _pytest.skipping import evaluate_skip_marks, evaluate_xfail_marks

from ..errors import HiddenLayerError
from .collect import EvalItem
from .controls import keep_controls
from .early_stopping import decided_before, may_prefetch
from .state import STATE, State
from .xdist.stealing import kept_items

_REQUESTED = pytest.StashKey[bool]()
_ARRIVED = pytest.StashKey[bool]()
ARRIVAL_S = 2.0
"""Seconds to wait for all items that xdist sends to a worker at the start."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Request this item's answer and those of the next items, as many as keep the models busy.

    With -x or --maxfail nothing is prefetched: a run that may end at any item asks for no more
    than it reports.
    """
    state = item.config.stash.get(STATE, None)
    if state is None or not state.session.configs or decided_before(state, item) is not None:
        return
    state.session.runtime.keep_errors = item.config.option.usepdb
    if item.config.option.maxfail:
        _request(state, item, item, unbatched=True)
    elif state.session.worker:
        window = state.session.runtime.window
        if state.session.options.batch:
            _await_all(item)
        _request_all(state, item, [item, *_queued(item, nextitem, window)])
    else:
        _prefetch_window(state, item)


def _prefetch_window(state: State, item: pytest.Item) -> None:
    """Request the items up to a window beyond the running one, each once."""
    items, cursor = item.session.items, state.prefetch
    cursor.current = _position(items, item, cursor.current)
    cursor.next = max(cursor.next, cursor.current)
    window = state.session.runtime.window
    if cursor.next - cursor.current > window // 2:
        return
    with state.session.runtime.together():
        while cursor.next < min(len(items), cursor.current + window):
            if not _request(state, item, items[cursor.next]):
                return
            cursor.next += 1


def _position(items: Sequence[pytest.Item], item: pytest.Item, before: int) -> int:
    """The index of the item: the one after `before`, unless a plugin runs items in another order."""
    if before + 1 < len(items) and items[before + 1] is item:
        return before + 1
    return next((index for index, candidate in enumerate(items) if candidate is item), before)


def _queued(item: pytest.Item, nextitem: pytest.Item | None, limit: int) -> list[pytest.Item]:
    """The items that xdist has given this worker to run next, as far as its queue shows; at least the next item.

    They stay with this worker, also under `--dist worksteal`.
    """
    worker = _worker(item.config)
    queued = [] if nextitem is None else [nextitem]
    if worker is None:
        return queued
    kept = kept_items(item.config, worker)
    with worker.torun.lock() as waiting:
        indexes = [index for index in list(waiting)[:limit] if isinstance(index, int)]
        kept.keep(indexes)
    return queued + [item.session.items[index] for index in indexes]


def _worker(config: pytest.Config) -> Any:
    """xdist's `WorkerInteractor` of this process; None if it has no queue that can be read."""
    plugins = config.pluginmanager.get_plugins()
    return next((p for p in plugins if hasattr(getattr(p, "torun", None), "lock") and hasattr(p, "channel")), None)


def _await_all(item: pytest.Item) -> None:
    """Wait for all items of this worker: they arrive one by one, followed by an end mark."""
    worker, deadline = _worker(item.config), time.monotonic() + ARRIVAL_S
    if worker is None or item.config.stash.get(_ARRIVED, False):
        return
    item.config.stash[_ARRIVED] = True
    while time.monotonic() < deadline:
        with worker.torun.lock() as waiting:
            if any(not isinstance(index, int) for index in list(waiting)[-1:]):
                return
        time.sleep(0.01)


def _request_all(state: State, running: pytest.Item, items: Sequence[pytest.Item]) -> None:
    with state.session.runtime.together():
        for item in items:
            _request(state, running, item)


def _is_skipped(item: pytest.Item) -> bool:
    """Whether a mark skips this item, or has it not run, so that its answer is not needed.

    pytest evaluates the marks again before the item's setup, and reports the reason or a faulty condition.
    """
    if next((mark for mark in item.iter_markers() if mark.name in ("skip", "skipif", "xfail")), None) is None:
        return False
    try:
        if evaluate_skip_marks(item) is not None:
            return True
        expected_failure = None if item.config.option.runxfail else evaluate_xfail_marks(item)
    except (Exception, pytest.fail.Exception):  # a condition may raise anything, and pytest reports it as a failure
        return True
    return expected_failure is not None and not expected_failure.run


def _request(state: State, running: pytest.Item, item: pytest.Item, *, unbatched: bool = False) -> bool:
    """Request an item's answer, once. Returns False if the answer may not be requested before the item's turn."""
    if (
        not isinstance(item, EvalItem)
        or item.stash.get(_REQUESTED, False)
        or not getattr(item.parent, "prefetch", False)
        or _is_skipped(item)
    ):
        return True
    if isinstance(running, EvalItem) and not may_prefetch(state, running, item):
        return False
    item.stash[_REQUESTED] = True
    with suppress(HiddenLayerError):  # the item's fixtures raise the same error and report it
        state.waiting[item.nodeid] = state.session.runtime.submit(
            item.hl_case, on_control=keep_controls(item), unbatched=unbatched
        )
    return True
