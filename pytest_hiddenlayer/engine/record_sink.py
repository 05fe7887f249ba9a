"""Batches the records completed in one event-loop iteration into a single write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..types import Record


class RecordSink:
    """Passes records to `on_records` before the futures of their cases complete. Used from one event loop only.

    The event loop runs callbacks in the order they were scheduled: `put` schedules the write
    before the case's task ends and schedules the completion of its future.
    """

    def __init__(self, on_records: Callable[[Sequence[Record]], None] | None) -> None:
        self._on_records = on_records
        self._pending: list[Record] = []
        self.fault: Exception | None = None  # raised by `on_records`; from then on every case fails with it

    def put(self, record: Record) -> None:
        """Schedule the record for the write in the next event-loop iteration."""
        if self._on_records is None:
            return
        self._pending.append(record)
        if len(self._pending) == 1:
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        records, self._pending = self._pending, []
        assert self._on_records is not None
        try:
            self._on_records(records)
        except Exception as error:  # such as a full disk: everyone who waits for a record must see it
            self.fault = error
