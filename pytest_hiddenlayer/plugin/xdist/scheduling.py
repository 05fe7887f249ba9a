"""Scheduling of evals, under `--hl-batch`, and among hosts. Imports xdist; loaded only if xdist is active."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController

from ...taskfile.detect import SUFFIXES


class SurvivingScheduling(LoadScheduling):  # type: ignore[misc]
    """Distributes as xdist's `load`; a worker that dies while it is sent items does not end the run."""

    def _send_tests(self, node: WorkerController, num: int) -> None:
        with suppress(OSError):  # xdist learns of the death next, and gives the worker's items to the others
            super()._send_tests(node, num)


class WholeScheduling(SurvivingScheduling):
    """Distributes all items at the start, in equal parts of consecutive items.

    xdist's `load` holds most items back until workers have finished some. Each such part would
    become a batch of its own, and the batches would run one after the other.
    """

    _first = False  # whether this is the first distribution

    def schedule(self) -> None:
        """Distribute everything. Later calls, when a worker replaces another, behave as in xdist."""
        self._first = self.collection is None
        try:
            super().schedule()
        finally:
            self._first = False

    def _send_tests(self, node: WorkerController, num: int) -> None:
        if self._first:
            waiting = [worker for worker in self.nodes if not self.node2pending[worker]]
            num = max(num, -(-len(self.pending) // max(len(waiting), 1)))
        super()._send_tests(node, num)


class FullScheduling(SurvivingScheduling):
    """Distributes as xdist's `load`, and keeps the models busy until no eval is left.

    xdist's `load` sends ever smaller parts towards the end, down to two items per worker: with few calls in flight,
    the last ones take several times as long.
    """

    def __init__(self, config: pytest.Config, log: Producer, concurrency: Callable[[], int]) -> None:
        super().__init__(config, log)
        self._concurrency = concurrency

    def schedule(self) -> None:
        """Distribute the first items; evals until as many are distributed as may be in flight."""
        super().schedule()
        for node in self.nodes:
            self._fill(node, self._wanted())
        if self.collection and not self.pending:
            for node in self.nodes:
                if not node.shutting_down:
                    node.shutdown()  # it runs its last item only then

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:
        """Send a worker more items; evals if it has half as many as it should have."""
        super().check_schedule(node, duration)
        wanted = self._wanted()
        if len(self.node2pending[node]) <= wanted // 2:
            self._fill(node, wanted)

    def _fill(self, node: WorkerController, wanted: int) -> None:
        waiting = len(self.node2pending[node])
        if waiting < wanted and not node.shutting_down:
            self._send_tests(node, min(wanted - waiting, max(2 - waiting, self.maxschedchunk)))

    def _wanted(self) -> int:
        """How many evals a worker should have: twice its part of the calls in flight, at most its part of the rest.

        0 if the next item is no eval.
        """
        if not self.pending or self.collection is None or not is_task_item(self.collection[self.pending[0]]):
            return 0
        left = len(self.pending) + sum(map(len, self.node2pending.values()))
        in_flight = self._concurrency() or UNKNOWN_CONCURRENCY
        return min(2 * -(-in_flight // len(self.nodes)), -(-left // len(self.nodes)))


def is_task_item(name: str) -> bool:
    """Whether the id of an item is one of a task file."""
    return name.partition("::")[0].endswith(SUFFIXES)


@dataclass(slots=True)
class Pace:
    """How fast a worker answers."""

    since: float  # seconds of the clock
    answered: float = 0.0

    def per_second(self, now: float) -> float:
        """Items per second; of a worker without any answer, what it has at most."""
        return max(self.answered, 0.5) / max(now - self.since, 1e-3)

    def add(self, now: float) -> None:
        """Count an answer. The last ones weigh most."""
        self.answered += 1
        if self.answered > RECENT:
            self.since, self.answered = now - (now - self.since) / 2, self.answered / 2


RECENT = 64
UNKNOWN_CONCURRENCY = 8
"""Of a worker whose models are not open yet."""


class PacedScheduling(SurvivingScheduling):
    """Gives each worker a queue that keeps its models busy, and near the end no more than it answers in time.

    xdist's `load` gives every worker a quarter of an equal share at the start. A worker on a slow host would still
    answer its quarter long after the others have ended.
    """

    def __init__(
        self,
        config: pytest.Config,
        log: Producer,
        concurrency_of: Callable[[WorkerController], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(config, log)
        self._concurrency_of, self._clock = concurrency_of, clock
        self._paces: dict[WorkerController, Pace] = {}

    def schedule(self) -> None:
        """Give every worker its first items; later calls do so for workers that replace others."""
        if self.collection is None and self._check_nodes_have_same_collection():
            collection: list[str] = next(iter(self.node2collection.values()))
            self.collection: list[str] | None = collection
            self.pending[:] = range(len(collection))
            first = max(1, len(self.pending) // (4 * max(len(self.nodes), 1)))
            for node in self.nodes:
                self._send_tests(node, min(first, self._depth(node)))
        for node in self.nodes:
            self.check_schedule(node)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Count an answer, and give the worker more."""
        if node in self._paces:
            self._paces[node].add(self._clock())
        super().mark_test_complete(node, item_index, duration)

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:
        """Fill the worker's queue up to what it may hold, once half of that is answered."""
        if node.shutting_down:
            return
        if not self.pending:
            node.shutdown()  # it runs its last item only then
            return
        waiting, wanted = len(self.node2pending[node]), self.wanted(node)
        if waiting < 2 or waiting <= wanted // 2:
            self._send_tests(node, max(2, wanted) - waiting)

    def wanted(self, node: WorkerController) -> int:
        """How many items a worker's queue may hold: its share of what is left, by pace, and no more than it needs."""
        now = self._clock()
        paces = {other: self._pace(other, now).per_second(now) for other in self.nodes if not other.shutting_down}
        left = len(self.pending) + sum(len(self.node2pending[other]) for other in paces)
        share = paces[node] / sum(paces.values())
        return max(2, min(self._depth(node), int(left * share)))

    def _depth(self, node: WorkerController) -> int:
        """The longest useful queue: while one part is being answered, another one waits."""
        return 2 * (self._concurrency_of(node) or UNKNOWN_CONCURRENCY) + 2

    def _send_tests(self, node: WorkerController, num: int) -> None:
        self._pace(node, self._clock())
        super()._send_tests(node, num)

    def _pace(self, node: WorkerController, now: float) -> Pace:
        return self._paces.setdefault(node, Pace(since=now))
