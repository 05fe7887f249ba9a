"""Answers are asked for before their items' turn, so that the model is never idle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from ..errors import HiddenLayerError
from .collect import EvalItem
from .controls import keep_controls
from .early_stopping import decided_before, may_prefetch
from .state import STATE, State

_ASKED = pytest.StashKey[bool]()
_ARRIVED = pytest.StashKey[bool]()
ARRIVAL_S = 2.0
"""Seconds in which all items that xdist gives a worker at the start have certainly come."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Ask for this item's answer and for those of the next ones, as many as keep the models busy.

    With -x or --maxfail nothing is asked ahead: a run that may end at any item asks no more
    than it reports.
    """
    state = item.config.stash.get(STATE, None)
    if state is None or not state.session.configs or decided_before(state, item) is not None:
        return
    if item.config.option.maxfail:
        _ask(state, item, item, unbatched=True)
    elif state.session.worker:
        window = state.session.runtime.window
        if state.session.options.batch:
            _await_all(item)
        _ask_all(state, item, [item, *_given(item, nextitem, window)])
    else:
        _ask_window(state, item)


def _ask_window(state: State, item: pytest.Item) -> None:
    """The items up to a window beyond the running one; each is looked at once."""
    items, cursor = item.session.items, state.prefetch
    cursor.current = _position(items, item, cursor.current)
    cursor.next = max(cursor.next, cursor.current)
    window = state.session.runtime.window
    if cursor.next - cursor.current > window // 2:
        return
    with state.session.runtime.together():
        while cursor.next < min(len(items), cursor.current + window):
            if not _ask(state, item, items[cursor.next]):
                return
            cursor.next += 1


def _position(items: Sequence[pytest.Item], item: pytest.Item, before: int) -> int:
    """Where the item stands: right after the one before it, unless somebody runs items in an order of their own."""
    if before + 1 < len(items) and items[before + 1] is item:
        return before + 1
    return next((i for i, found in enumerate(items) if found is item), before)


def _given(item: pytest.Item, nextitem: pytest.Item | None, most: int) -> list[pytest.Item]:
    """What xdist has given this worker to run next, as far as it can be seen; at least the next item.

    The queue is xdist's own. Under `--dist worksteal` items in it may go to another worker.
    """
    queue = _queue(item.config)
    found = [] if nextitem is None else [nextitem]
    if queue is None:
        return found
    with queue.lock() as waiting:
        places = [place for place in list(waiting)[:most] if isinstance(place, int)]
    return found + [item.session.items[place] for place in places]


def _queue(config: pytest.Config) -> Any:
    plugins = config.pluginmanager.get_plugins()
    return next((one.torun for one in plugins if hasattr(one, "torun") and hasattr(one, "channel")), None)


def _await_all(item: pytest.Item) -> None:
    """Wait a moment for all that this worker is given: its items arrive one by one, and the end behind them."""
    queue, until = _queue(item.config), time.monotonic() + ARRIVAL_S
    if queue is None or item.config.stash.get(_ARRIVED, False):
        return
    item.config.stash[_ARRIVED] = True
    while time.monotonic() < until:
        with queue.lock() as waiting:
            if any(not isinstance(place, int) for place in list(waiting)[-1:]):
                return
        time.sleep(0.01)


def _ask_all(state: State, running: pytest.Item, items: Sequence[pytest.Item]) -> None:
    with state.session.runtime.together():
        for one in items:
            _ask(state, running, one)


def _ask(state: State, running: pytest.Item, item: pytest.Item, *, unbatched: bool = False) -> bool:
    """Ask for an item's answer, once; False where its turn has to come first."""
    if not isinstance(item, EvalItem) or item.stash.get(_ASKED, False) or not getattr(item.parent, "ahead", False):
        return True
    if isinstance(running, EvalItem) and not may_prefetch(state, running, item):
        return False
    item.stash[_ASKED] = True
    with suppress(HiddenLayerError):  # the item's own fixtures meet the same error and report it
        state.waiting[item.nodeid] = state.session.runtime.submit(
            item.hl_case, on_control=keep_controls(item), unbatched=unbatched
        )
    return True
