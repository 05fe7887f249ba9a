"""Waits for batches to end and downloads their results."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from functools import partial

from ...batch_api import BatchState
from ...errors import ProviderError, TransientError
from ...io.atomic import replacing
from ...io.json_text import decode_json
from ..retry import retry
from .entries import BatchEntry
from .messages import count_requests, format_duration
from .polling import PollBackoff, wait_until_ended
from .results import BatchResults
from .sending import retrieve_exception
from .session import BatchSession


class BatchCollector:
    """Collects each batch once, however many callers wait for it."""

    def __init__(self, session: BatchSession, backoff: PollBackoff) -> None:
        self._session, self._backoff = session, backoff
        self._tasks: dict[str, asyncio.Task[BatchResults | None]] = {}  # by tag

    async def results(self, entry: BatchEntry) -> BatchResults | None:
        """The batch's results, once it has ended; None if the server never created it. Raises ProviderError."""
        task = self._tasks.get(entry.tag)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._collect(entry))
            task.add_done_callback(retrieve_exception)
            self._tasks[entry.tag] = task
        return await asyncio.shield(task)

    def close_results(self, entry: BatchEntry) -> None:
        """Close the results of a batch."""
        _close(self._tasks.pop(entry.tag))

    async def close(self) -> None:
        """Stop waiting, and close all results."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            _close(task)
        self._tasks.clear()

    async def _collect(self, entry: BatchEntry) -> BatchResults | None:
        pending = self._session.pending
        if not entry.collected:
            pending[entry.tag] = entry
            began = time.monotonic()
            try:
                if not await self._fetch(entry):
                    self._session.ledger.drop(entry)
                    return None
            except ProviderError:
                pending.pop(entry.tag, None)
                raise
            self._report(entry, time.monotonic() - began)
        pending.pop(entry.tag, None)
        return self._open(entry)

    async def _fetch(self, entry: BatchEntry) -> bool:
        """Whether the results are on disk now; False if the server never created the batch."""
        session = self._session
        while await self._locate(entry):
            state = await wait_until_ended(session, entry, self._backoff)
            await retry(partial(self._download, entry, state), session.limiter, 0, session.retry_policy)
            if state.failed is not None or self._is_ours(entry):
                entry.collected, entry.failed, entry.cancelled = True, state.failed, state.cancelled
                entry.duration_s = _duration_s(entry, state)
                session.ledger.save(entry)
                return True
            entry.not_ours.append(state.id)
            entry.batch_id = None
            session.ledger.save(entry)
        session.pending.pop(entry.tag, None)
        return False

    async def _locate(self, entry: BatchEntry) -> bool:
        """Whether the batch's id is known, after looking for it at the server if need be."""
        session = self._session
        while entry.batch_id is None and session.ledger.is_being_sent(entry):
            await asyncio.sleep(self._backoff.first)
        if not session.ledger.holds(entry):
            return False  # the process that was sending it found that it cannot be sent
        if entry.batch_id is None:
            states, _ = await retry(partial(session.find_at_server, entry), session.limiter, 0, session.retry_policy)
            if not states:
                return False
            session.ledger.mark_sent(entry, states[0].id)
            session.notify(
                f"batch of {count_requests(entry.n)} to {session.model} ({entry.batch_id}) was sent before"
            )
        return True

    async def _download(self, entry: BatchEntry, state: BatchState) -> None:
        """Write the results to disk, completely or not at all."""
        api = self._session.api
        with replacing(self._session.ledger.results_path(entry), sync=True) as file:
            async for line in api.results(state):
                try:
                    api.key(decode_json(line))
                except (ValueError, AttributeError) as error:
                    raise TransientError(f"batch {entry.name}: a line of its results is no JSON object") from error
                file.write(line + b"\n")

    def _is_ours(self, entry: BatchEntry) -> bool:
        """Whether the results answer the entry's requests; assumed if there are none."""
        with closing(self._open(entry)) as results:
            return not len(results) or any(key in results for key in entry.keys)

    def _report(self, entry: BatchEntry, waited_s: float) -> None:
        with closing(self._open(entry)) as results:
            n = sum(key in results for key in entry.keys)
        duration = format_duration(waited_s if entry.duration_s is None else entry.duration_s)
        self._session.notify(
            f"batch {entry.name} of {self._session.model}: "
            f"collected {n} of {count_requests(entry.n)} after {duration}"
        )

    def _open(self, entry: BatchEntry) -> BatchResults:
        return BatchResults(self._session.ledger.results_path(entry), self._session.api.key)


def _duration_s(entry: BatchEntry, state: BatchState) -> float:
    """Seconds by the server's clock if it reports them, else by this machine's."""
    if state.created_s is not None and state.ended_s is not None:
        return max(0.0, state.ended_s - state.created_s)
    return max(0.0, time.time() - entry.intended_s)


def _close(task: asyncio.Task[BatchResults | None]) -> None:
    if task.done() and not task.cancelled() and task.exception() is None and (results := task.result()) is not None:
        results.close()
