"""What a worker answers if xdist's `--dist worksteal` asks for items of its queue; no process is started."""

from __future__ import annotations

import pytest
from execnet.gateway_base import get_execmodel
from xdist.remote import TestQueue as Queue
from xdist.remote import WorkerInteractor

from pytest_hiddenlayer.plugin.xdist.stealing import KeptItems


@pytest.fixture
def worker():
    """A worker of xdist whose queue holds the items 0 to 5; `sent` is what the controller received."""
    worker = object.__new__(WorkerInteractor)
    worker.torun = Queue(get_execmodel("thread"))
    worker.sent = []
    worker.sendevent = lambda name, indices: worker.sent.append((name, list(indices)))
    worker.run_one_test = worker.torun.get
    for index in range(6):
        worker.torun.put(index)
    return worker


def kept(worker, *indexes):
    items = KeptItems(worker)
    items.keep(indexes)
    return items


def test_items_that_were_requested_stay(worker):
    """Of the items that the controller wants, those go whose answers were not requested."""
    kept(worker, 0, 1, 2, 3)
    worker.steal([3, 4, 5])
    assert worker.sent == [("unscheduled", [4, 5])]
    with worker.torun.lock() as waiting:
        assert list(waiting) == [0, 1, 2, 3]


def test_a_refusal_waits_until_an_item_has_ended(worker):
    """If all that the controller wants was requested, the reply comes once, after an item; it would ask at once."""
    kept(worker, *range(6))
    worker.steal([4, 5])
    assert worker.sent == []
    worker.run_one_test()
    worker.run_one_test()
    assert worker.sent == [("unscheduled", [])]


def test_items_that_have_run_are_refused_at_once(worker):
    """A worker that waits for its next item replies at once, as xdist does: nothing may end in its queue any more."""
    kept(worker, *range(6))
    for _ in range(6):
        worker.run_one_test()
    worker.steal([4, 5])
    assert worker.sent == [("unscheduled", [])]
