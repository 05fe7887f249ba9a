"""Groups requests that are made at the same time, and submits each group as one batch."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...batch_api import BatchState
from ...errors import ProviderError
from ...types import Request
from ..retry import response_lost, retry
from .entries import BatchEntry
from .messages import count_requests, no_batch_message
from .session import BatchSession

_NO_ENDPOINT = (404, 405, 501)


@dataclass(slots=True)
class _PendingBatch:
    """Requests that will be sent together."""

    kind: str
    entry: asyncio.Future[BatchEntry | None]  # None: there is no batch endpoint
    lines: dict[str, bytes] = field(default_factory=dict)  # by key
    waiters: Counter[str] = field(default_factory=Counter)  # callers per key
    size: int = 0  # bytes
    timer: asyncio.TimerHandle | None = None


class BatchSender:
    """Sends a batch when it is full, or when no request was added for `quiet_s` seconds."""

    def __init__(self, session: BatchSession, quiet_s: float) -> None:
        self._session, self._quiet_s = session, quiet_s
        self.has_endpoint = True  # until the server reports that it has no batch API
        self._groups: dict[str, _PendingBatch] = {}  # by kind, while requests may be added
        self._submitting: set[asyncio.Task[None]] = set()

    async def send(self, key: str, request: Request) -> BatchEntry | None:
        """Send a request in a batch and return its entry; None if there is no batch endpoint."""
        line = self._session.api.line(key, request)
        group = self._group(self._session.api.kind(request), len(line) + 1)
        if key not in group.lines:
            group.lines[key] = line
            group.size += len(line) + 1
        group.waiters[key] += 1
        try:
            return await asyncio.shield(group.entry)
        except asyncio.CancelledError:
            self._withdraw(group, key)
            raise

    async def close(self) -> None:
        """Send nothing more."""
        for group in self._groups.values():
            if group.timer is not None:
                group.timer.cancel()
        tasks = list(self._submitting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._groups.clear()

    def _group(self, kind: str, size: int) -> _PendingBatch:
        """The open group with room for so many bytes; its timer restarts."""
        api = self._session.api
        group = self._groups.get(kind)
        if group is not None and (len(group.lines) >= api.max_requests or group.size + size > api.max_bytes):
            self._submit(kind)
            group = None
        loop = asyncio.get_running_loop()
        if group is None:
            group = self._groups[kind] = _PendingBatch(kind, loop.create_future())
            group.entry.add_done_callback(retrieve_exception)
        if group.timer is not None:
            group.timer.cancel()
        group.timer = loop.call_later(self._quiet_s, self._submit, kind)
        return group

    def _withdraw(self, group: _PendingBatch, key: str) -> None:
        """Remove a request that no caller waits for any more, unless its group was submitted."""
        group.waiters[key] -= 1
        if not group.waiters[key] and self._groups.get(group.kind) is group:
            group.size -= len(group.lines.pop(key)) + 1

    def _submit(self, kind: str) -> None:
        group = self._groups.pop(kind)
        if group.timer is not None:
            group.timer.cancel()
        if not group.lines:
            return
        ledger = self._session.ledger
        try:
            entry = ledger.register(group.kind, group.lines)
        except OSError as error:
            group.entry.set_exception(
                ProviderError(f"--hl-batch: {ledger.folder} cannot be written ({error}): nothing was sent")
            )
            return
        self._session.pending[entry.tag] = entry
        task = asyncio.get_running_loop().create_task(self._submit_group(group, entry))
        self._submitting.add(task)
        task.add_done_callback(self._submitting.discard)

    async def _submit_group(self, group: _PendingBatch, entry: BatchEntry) -> None:
        try:
            group.entry.set_result(await self._create(entry, group.lines.values()))
        except asyncio.CancelledError:
            group.entry.cancel()
            raise
        except Exception as error:  # the callers report it, whatever it is
            group.entry.set_exception(error)

    async def _create(self, entry: BatchEntry, lines: Iterable[bytes]) -> BatchEntry | None:
        """The entry with its batch's id; None if there is no batch endpoint. Raises ProviderError."""
        session, body = self._session, list(lines)
        is_retry = False

        async def attempt() -> BatchState:
            nonlocal is_retry
            if is_retry and (states := await session.find_at_server(entry)):
                return states[0]  # the response of the first attempt was lost, not its request
            is_retry = True
            return await session.api.submit(entry.kind, entry.tag, body)

        try:
            state, _ = await retry(attempt, session.limiter, 0, session.retry_policy)
        except ProviderError as error:
            session.pending.pop(entry.tag, None)
            if response_lost(error):
                session.ledger.mark_unconfirmed(entry)
            else:
                session.ledger.drop(entry)
            if error.status in _NO_ENDPOINT:
                self._report_no_endpoint(f"HTTP {error.status}")
                return None
            raise
        session.ledger.mark_sent(entry, state.id)
        session.notify(f"batch of {count_requests(entry.n)} sent to {session.model} ({entry.batch_id})")
        return entry

    def _report_no_endpoint(self, reason: str) -> None:
        if self.has_endpoint:
            self.has_endpoint = False
            self._session.notify(no_batch_message(self._session.model, reason))


def retrieve_exception(future: asyncio.Future[Any]) -> None:
    """Mark a future's exception as retrieved, so that none is logged if all callers were cancelled."""
    if not future.cancelled():
        future.exception()
