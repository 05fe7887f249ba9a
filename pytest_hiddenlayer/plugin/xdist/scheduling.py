"""xdist's scheduling for batches; the only module that imports xdist, when it runs already."""

from __future__ import annotations

from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController


class WholeScheduling(LoadScheduling):  # type: ignore[misc]
    """Gives all items out at the start, in equal parts of items that stand together.

    xdist's own `load` keeps most of them back until workers have ended some: each part
    would be a batch of its own, and wait as long as the one before.
    """

    _first = False  # whether this is the first distribution

    def schedule(self) -> None:
        """Give everything out; later calls, when a worker has come in another's place, are xdist's."""
        self._first = self.collection is None
        try:
            super().schedule()
        finally:
            self._first = False

    def _send_tests(self, node: WorkerController, num: int) -> None:
        if self._first:
            waiting = [one for one in self.nodes if not self.node2pending[one]]
            num = max(num, -(-len(self.pending) // max(len(waiting), 1)))
        super()._send_tests(node, num)
