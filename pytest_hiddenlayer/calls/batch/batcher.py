"""The desk of one line's batches: what is asked at the same time goes as one batch, at the batch price.

Only calls that depend on no earlier answer of their case are sent (`Request.independent`): the
others would each wait hours for one more batch. A call that an earlier, interrupted run has sent
already is not sent again but collected.

    ask → reserve at the batch price → wait until nobody asks → ledger → send → poll → collect → settle
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from ...batch_api import BatchApi, BatchState
from ...errors import ProviderError, TransientError
from ...io.atomic import replacing
from ...types import Completion, Request
from ..cost.meter import CostMeter
from ..limiter import AdaptiveLimiter
from ..retry import RetryPolicy, retry
from .ledger import Entry, Ledger, Results

FLUSH_AFTER_S = 2.0
"""A batch is sent when for so long nobody asked for more."""
GRACE_S = 3600.0
"""How long after its expiry a batch is still waited for."""
_WINDOW_S = 86400.0  # in which a batch ends, where the server tells no other
_NO_ENDPOINT = (404, 405, 501)
_AT_ONCE = 4  # batches that are sent at the same time
_PATIENCE = RetryPolicy(attempt_s=900.0, total_s=3600.0, max_retry_after_s=600.0)
_POLL_S = 60.0  # of one look


@dataclass(frozen=True, kw_only=True, slots=True)
class PollBackoff:
    """Seconds between two looks at a batch: they grow from `first` to `longest`."""

    first: float = 2.0
    longest: float = 60.0
    growth: float = 1.5


@dataclass(slots=True)
class _PendingBatch:
    """Requests that will go together."""

    kind: str
    entry: asyncio.Future[Entry | None]  # None: there is no batch endpoint
    lines: dict[str, bytes] = field(default_factory=dict)  # by key
    waiters: Counter[str] = field(default_factory=Counter)
    size: int = 0
    timer: asyncio.TimerHandle | None = None


class Batcher:
    """The batches of one model. Used on one event loop."""

    def __init__(
        self,
        api: BatchApi,
        ledger: Ledger,
        name: str,
        *,
        meter: CostMeter | None = None,
        notify: Callable[[str], None] = lambda text: None,
        quiet_s: float = FLUSH_AFTER_S,
        pauses: PollBackoff = PollBackoff(),
        retry_policy: RetryPolicy = _PATIENCE,
    ) -> None:
        self._api, self._ledger, self.name = api, ledger, name
        self._purse, self._tell = meter, notify
        self._quiet_s, self._pauses, self._patience = quiet_s, pauses, retry_policy
        self._places = AdaptiveLimiter(_AT_ONCE)
        self._again = 0  # requests that were in a batch and went the ordinary way after it
        self._off = False  # the server has no batch endpoint
        self._groups: dict[str, _PendingBatch] = {}  # by kind, while requests may still come
        self._collecting: dict[str, asyncio.Task[Results | None]] = {}  # by tag
        self._sending: set[asyncio.Task[None]] = set()
        self._open: dict[str, Entry] = {}  # by tag: waited for in this run, and not yet collected
        self._taken: dict[str, tuple[Entry, set[str]]] = {}  # by tag: keys whose answers were handed over

    async def answer(self, key: str, request: Request, order: int = 0) -> Completion | None:
        """The completion by a batch; None: this call goes the ordinary way.

        That is so where it depends on an earlier answer, and where it was not answered in its
        batch for a reason that may pass (the batch expired, the server failed). Raises
        ProviderError where it was refused.
        """
        if self._ledger.find(key) is None and (self._off or not request.independent):
            return None
        reserved = Decimal(0) if self._purse is None else await self._purse.reserve(request, order)
        try:
            found, first = await self._by_batch(key, request)
        except BaseException as error:
            if self._purse is not None:
                self._purse.release_or_hold(reserved, error)
            raise
        if self._purse is None:
            return found
        if found is None or not first:
            self._purse.release_or_hold(reserved, ProviderError("not billed"))
            return None if found is None else replace(found, cached=True, cost_usd=0.0)
        return self._purse.commit(reserved, found)

    def pending_batches(self) -> list[str]:
        """What to say of every batch that was sent and not collected, one sentence each."""
        return [
            f"batch {one.name} of {_requests(one.n)} to {self.name} is still being worked on; "
            "run the same command again to collect it"
            for one in self._open.values()
        ]

    def release(self) -> None:
        """Every record of the run is on disk: what was handed over to them need not be kept any longer."""
        for entry, keys in self._taken.values():
            _close(self._collecting.pop(entry.tag))
            self._ledger.drop(entry, keys)
        self._taken.clear()
        if self._again:
            self._tell(
                f"{_requests(self._again)} to {self.name} got no answer in a batch "
                "and went the ordinary way, at its price"
            )
            self._again = 0

    async def close(self) -> None:
        """Stop waiting; batches go on at the server, and their entries stay."""
        for group in self._groups.values():
            if group.timer is not None:
                group.timer.cancel()
        running = [*self._sending, *self._collecting.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for one in self._collecting.values():
            _close(one)
        self._groups.clear()
        self._collecting.clear()
        self._ledger.close()

    async def _by_batch(self, key: str, request: Request) -> tuple[Completion | None, bool]:
        """(completion or None as `answer` gives it, whether this is the first who gets it)."""
        while True:
            entry = self._ledger.find(key)
            if entry is None:
                if self._off or not request.independent:
                    return None, True
                entry = await self._sent(key, request)
            if entry is None:
                return None, True
            results = await self._results(entry)
            if results is not None:
                return self._read(entry, results, key, request)

    def _read(self, entry: Entry, results: Results, key: str, request: Request) -> tuple[Completion | None, bool]:
        _, taken = self._taken.setdefault(entry.tag, (entry, set()))
        first = key not in taken
        taken.add(key)
        if entry.failed is not None:
            raise ProviderError(f"{self.name}: batch {entry.name} was refused as a whole: {entry.failed}")
        line = results.get(key)
        if line is None and entry.cancelled:
            raise ProviderError(f"{self.name}: batch {entry.name} was cancelled before this was answered; run again")
        try:
            found = None if line is None else self._api.read(line, request)
        except TransientError:
            found = None
        if found is None:
            self._again += first
            return None, first
        return replace(found, latency_s=entry.duration_s or 0.0, batched=True), first

    # ------------------------------------------------------------ sending

    async def _sent(self, key: str, request: Request) -> Entry | None:
        """The entry of the batch that the request went with; None where there is no batch endpoint."""
        line = self._api.line(key, request)
        group = self._group(self._api.kind(request), len(line) + 1)
        if key not in group.lines:
            group.lines[key] = line
            group.size += len(line) + 1
        group.waiters[key] += 1
        try:
            return await asyncio.shield(group.entry)
        except asyncio.CancelledError:
            self._withdraw(group, key)
            raise

    def _group(self, kind: str, size: int) -> _PendingBatch:
        """The open group with room for so many bytes; it waits anew for more."""
        group = self._groups.get(kind)
        full = group is not None and (
            len(group.lines) >= self._api.most_requests or group.size + size > self._api.most_bytes
        )
        if full:
            self._send(kind)
        loop = asyncio.get_running_loop()
        if group is None or full:
            group = self._groups[kind] = _PendingBatch(kind, loop.create_future())
            group.entry.add_done_callback(_heard)
        if group.timer is not None:
            group.timer.cancel()
        group.timer = loop.call_later(self._quiet_s, self._send, kind)
        return group

    def _withdraw(self, group: _PendingBatch, key: str) -> None:
        """Nobody waits any longer for a request: unless it was sent already, it is not."""
        group.waiters[key] -= 1
        if not group.waiters[key] and self._groups.get(group.kind) is group:
            group.size -= len(group.lines.pop(key)) + 1

    def _send(self, kind: str) -> None:
        group = self._groups.pop(kind)
        if group.timer is not None:
            group.timer.cancel()
        if not group.lines:
            return
        try:
            entry = self._ledger.intend(group.kind, group.lines)
        except OSError as error:
            group.entry.set_exception(
                ProviderError(f"--hl-batch: {self._ledger.folder} cannot be written ({error}): nothing was sent")
            )
            return
        self._open[entry.tag] = entry
        task = asyncio.get_running_loop().create_task(self._submit(group, entry))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _submit(self, group: _PendingBatch, entry: Entry) -> None:
        try:
            group.entry.set_result(await self._made(entry, list(group.lines.values())))
        except asyncio.CancelledError:
            group.entry.cancel()
            raise
        except Exception as error:  # whatever it is, it is the askers' to report
            group.entry.set_exception(error)

    async def _made(self, entry: Entry, lines: list[bytes]) -> Entry | None:
        """The entry with its batch's id; None where there is no batch endpoint. Raises ProviderError."""
        again = False

        async def attempt() -> BatchState:
            nonlocal again
            if again and (before := await self._candidates(entry)):
                return before[0]  # the answer was lost, not the request
            again = True
            return await self._api.submit(entry.kind, entry.tag, lines)

        try:
            state, _ = await retry(attempt, self._places, 0, self._patience)
        except ProviderError as error:
            self._open.pop(entry.tag, None)
            (self._ledger.given_up if _may_have_come(error) else self._ledger.drop)(entry)
            if error.status in _NO_ENDPOINT:
                self._go_without(f"HTTP {error.status}")
                return None
            raise
        self._ledger.sent(entry, state.id)
        self._tell(f"batch of {_requests(entry.n)} sent to {self.name} ({entry.batch_id})")
        return entry

    def _go_without(self, why: str) -> None:
        if not self._off:
            self._off = True
            self._tell(no_batch_message(self.name, why))

    # ------------------------------------------------------------ collecting

    async def _results(self, entry: Entry) -> Results | None:
        """What a batch answered, once it has ended; None where it never came to be. Raises ProviderError."""
        task = self._collecting.get(entry.tag)
        if task is None:
            task = _task(self._collect(entry))
            self._collecting[entry.tag] = task
        return await asyncio.shield(task)

    async def _collect(self, entry: Entry) -> Results | None:
        if not entry.collected:
            self._open[entry.tag] = entry
            began = time.monotonic()
            try:
                if not await self._fetch(entry):
                    self._ledger.drop(entry)
                    return None
            except ProviderError:
                self._open.pop(entry.tag, None)
                raise
            self._tell_collected(entry, time.monotonic() - began)
        self._open.pop(entry.tag, None)
        return Results(self._ledger.results_path(entry), self._api.key)

    async def _fetch(self, entry: Entry) -> bool:
        """Whether the results lie beside the entry now; False where its batch never came to be."""
        while True:
            while entry.batch_id is None and self._ledger.is_being_sent(entry):
                await asyncio.sleep(self._pauses.first)
            if not self._ledger.holds(entry):
                self._open.pop(entry.tag, None)
                return False  # whoever was sending it found that it cannot be sent
            if entry.batch_id is None:
                found, _ = await retry(partial(self._candidates, entry), self._places, 0, self._patience)
                if not found:
                    self._open.pop(entry.tag, None)
                    return False
                self._ledger.sent(entry, found[0].id)
                self._tell(f"batch of {_requests(entry.n)} to {self.name} ({entry.batch_id}) was sent before")
            state = await self._ended(entry)
            await retry(partial(self._download, entry, state), self._places, 0, self._patience)
            if state.failed is not None or self._is_ours(entry):
                entry.collected, entry.failed, entry.cancelled = True, state.failed, state.cancelled
                entry.duration_s = _duration_s(entry, state)
                self._ledger.save(entry)
                return True
            entry.not_ours.append(state.id)
            entry.batch_id = None
            self._ledger.save(entry)

    async def _candidates(self, entry: Entry) -> list[BatchState]:
        found = await self._api.find(entry.tag, entry.intended_s, entry.n)
        return [state for state in found if state.id not in entry.not_ours]

    async def _download(self, entry: Entry, state: BatchState) -> None:
        """Put the results beside the entry, whole or not at all."""
        with replacing(self._ledger.results_path(entry), sync=True) as file:
            async for line in self._api.results(state):
                try:
                    self._api.key(json.loads(line))
                except (ValueError, AttributeError) as error:
                    raise TransientError(f"batch {entry.name}: a line of its results is no JSON object") from error
                file.write(line + b"\n")

    def _is_ours(self, entry: Entry) -> bool:
        """Whether the results are those of the entry's requests; where there are none at all, nobody can tell."""
        with closing(Results(self._ledger.results_path(entry), self._api.key)) as results:
            return not len(results) or any(key in results for key in entry.keys)

    async def _ended(self, entry: Entry) -> BatchState:
        """The batch, once it has ended. What may pass is waited for until well after its expiry."""
        pause_s, until = self._pauses.first, entry.intended_s + _WINDOW_S + GRACE_S
        while True:
            wait_s, why = pause_s, "it has not ended"
            try:
                async with asyncio.timeout(_POLL_S):
                    state = await self._api.state(entry.batch_id or "")
                if state.ended:
                    return state
                until = until if state.expires_s is None else state.expires_s + GRACE_S
            except TimeoutError:
                why = f"no answer within {_POLL_S:g} s"
            except TransientError as error:
                why, wait_s = str(error), max(pause_s, error.retry_after_s or 0.0)
            except ProviderError as error:
                raise ProviderError(
                    f"batch {entry.name}: {error}; its {_requests(entry.n)} are noted in "
                    f"{self._ledger.folder}/{entry.tag}.json: delete that file to send them again",
                    status=error.status,
                ) from error
            if time.time() > until:
                raise ProviderError(f"batch {entry.name} of {self.name}: expired, and {why}; run again to collect it")
            await asyncio.sleep(wait_s)
            pause_s = min(self._pauses.longest, pause_s * self._pauses.growth)

    def _tell_collected(self, entry: Entry, waited_s: float) -> None:
        with closing(Results(self._ledger.results_path(entry), self._api.key)) as results:
            n = sum(key in results for key in entry.keys)
        took = _span(waited_s if entry.duration_s is None else entry.duration_s)
        self._tell(f"batch {entry.name} of {self.name}: collected {n} of {_requests(entry.n)} after {took}")


def no_batch_message(name: str, why: str = "") -> str:
    """What to say of a model whose provider or server has no batch API."""
    return f"--hl-batch: {name} has no batch endpoint{f' ({why})' if why else ''}: its calls go the ordinary way"


def _may_have_come(error: ProviderError) -> bool:
    """Whether a batch may have been made though sending it failed: its answer was lost."""
    cause = error if isinstance(error, TransientError) else error.__cause__
    return isinstance(cause, TransientError) and cause.status is None


def _duration_s(entry: Entry, state: BatchState) -> float:
    """Seconds by the server's own clock where it tells them, else by ours."""
    if state.created_s is not None and state.ended_s is not None:
        return max(0.0, state.ended_s - state.created_s)
    return max(0.0, time.time() - entry.intended_s)


def _heard(future: asyncio.Future[Any]) -> None:
    """An error is no surprise where all who wanted to know were cancelled."""
    if not future.cancelled():
        future.exception()


def _task(work: Coroutine[Any, Any, Results | None]) -> asyncio.Task[Results | None]:
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_heard)
    return task


def _close(task: asyncio.Task[Results | None]) -> None:
    if task.done() and not task.cancelled() and task.exception() is None and (found := task.result()) is not None:
        found.close()


def _requests(n: int) -> str:
    return f"{n} request{'' if n == 1 else 's'}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def describe_pending(entries: Iterable[Entry], now_s: float) -> list[str]:
    """One line for each batch of a ledger, for people."""
    return [
        f"{one.provider}:{one.model}: batch {one.name} of {_requests(one.n)}, "
        f"{'collected, not yet in a record' if one.collected else 'to be collected'}, "
        f"sent {_span(now_s - one.intended_s)} ago"
        for one in entries
    ]
