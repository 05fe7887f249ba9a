"""Complete records on their way to the log: those of one round of the loop in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..types import Record


class RecordSink:
    """Hands records over before anybody is told that they are complete. One event loop only.

    A loop runs what was scheduled first: the handing over is scheduled when a case keeps its
    record, and the case's own end after that.
    """

    def __init__(self, on_records: Callable[[Sequence[Record]], None] | None) -> None:
        self._on_records = on_records
        self._arrived: list[Record] = []
        self.fault: Exception | None = None  # what the log raised: nothing is told from then on

    def put(self, record: Record) -> None:
        """Hand this record over in the loop's next round."""
        if self._on_records is None:
            return
        self._arrived.append(record)
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        assert self._on_records is not None
        try:
            self._on_records(arrived)
        except Exception as error:  # a full disk: whoever waits for a record hears of it
            self.fault = error
