"""Scheduling under `--hl-batch`. The only module that imports xdist; loaded only if xdist is active."""

from __future__ import annotations

from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController


class WholeScheduling(LoadScheduling):  # type: ignore[misc]
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
