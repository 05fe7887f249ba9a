"""On a worker: items whose answers were requested stay here, also under xdist's `--dist worksteal`.

xdist moves the last items of a long queue to idle workers. An item that moves after its answer was requested would
be asked, paid and recorded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


class KeptItems:
    """Takes the place of what xdist's worker answers if the controller asks for items back."""

    def __init__(self, worker: Any) -> None:
        """`worker` is xdist's `WorkerInteractor`."""
        self._worker, self._steal, self._run = worker, worker.steal, worker.run_one_test
        self._kept: set[int] = set()
        self._owes = False
        worker.steal, worker.run_one_test = self.steal, self.run_one_test

    def keep(self, indexes: Iterable[int]) -> None:
        """Keep these items of the queue, whose lock the caller holds."""
        self._kept.update(indexes)

    def steal(self, indexes: Sequence[int]) -> None:
        """Give back those items that are not kept; on the thread of the connection.

        If all are kept, the reply waits until the running item has ended: the controller asks again at once.
        """
        with self._worker.torun.lock() as waiting:
            held = self._kept.intersection(waiting)  # what has left the queue is for xdist to refuse, at once
            free = [index for index in indexes if index not in held]
            self._owes = not free
            if free:
                self._steal(free)

    def run_one_test(self) -> None:
        """Run an item; then reply to the question that came meanwhile."""
        self._run()
        if self._owes:
            self._owes = False
            self._worker.sendevent("unscheduled", indices=[])


_KEPT = pytest.StashKey[KeptItems]()


def kept_items(config: pytest.Config, worker: Any) -> KeptItems:
    """The items that this worker keeps."""
    if _KEPT not in config.stash:
        config.stash[_KEPT] = KeptItems(worker)
    return config.stash[_KEPT]
