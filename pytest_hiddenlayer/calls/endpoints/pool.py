"""Chooses the server of each call: free, working, with the prompt in its cache, else the least loaded.

Waiting calls go by the order of their cases, as in `limiter`. A call prefers the server that
answered the last call of its sample, whose prompt cache holds the question, unless that server is
busier than the least loaded one by more than SLACK of its slots.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from itertools import count

from ...errors import NotSentError, ProviderError, TransientError
from ...types import Completion, Request
from .endpoint import Endpoint, Preferences

SLACK = 0.5
_REFUSALS = (401, 403, 404)


@dataclass(slots=True)
class EndpointPool:
    """The servers of one model. One event loop only, except for `bound`."""

    endpoints: Sequence[Endpoint]
    notify: Callable[[str], None] = lambda text: None
    _preferences: Preferences = field(default_factory=Preferences)
    _waiting: list[tuple[int, int, str, asyncio.Future[Endpoint]]] = field(default_factory=list)
    _tickets: count[int] = field(default_factory=count)
    _timer: asyncio.TimerHandle | None = None

    @property
    def bound(self) -> int:
        """The number of calls that may be in flight now, on all servers together."""
        return sum(endpoint.limiter.bound for endpoint in self.endpoints)

    def lease(self, request: Request) -> Lease:
        """Returns what the attempts of one call hold: a server each."""
        return Lease(self, request.sample_id or request.messages[0].content[:1000])

    async def acquire(self, order: int, prompt: str) -> Endpoint:
        """Returns the server for an attempt, whose slot it holds. Raises NotSentError if all servers refuse."""
        self._refuse_if_all_do()
        if not self._waiting and (free := self._choose(prompt)) is not None:
            return self._enter(free, prompt)
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), prompt, turn))
        self.wake()
        try:
            endpoint: Endpoint = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())
            raise
        return endpoint

    def release(self, endpoint: Endpoint) -> None:
        """Give back the slot of an attempt."""
        endpoint.limiter.leave()
        self.wake()

    def wake(self) -> None:
        """Give free slots to the calls that wait longest; set a timer for the server that returns first."""
        while self._waiting:
            _, _, prompt, turn = self._waiting[0]
            if turn.done():
                heapq.heappop(self._waiting)
                continue
            if (endpoint := self._choose(prompt)) is None:
                break
            heapq.heappop(self._waiting)
            turn.set_result(self._enter(endpoint, prompt))
        self._end_if_all_refuse()
        self._set_timer()

    def note_failure(self, endpoint: Endpoint, error: TransientError) -> bool:
        """Count a failed attempt. Returns whether its server is left out now."""
        if error.slow_down:
            return False  # it works, and its limit is halved
        now = asyncio.get_running_loop().time()
        if endpoint.on_failure(now, unreachable=not error.sent):
            self.notify(f"{endpoint.url} is left out for now, others take its calls: {error}")
        return endpoint.back_at is not None

    def note_answer(self, endpoint: Endpoint) -> None:
        """Count an answer: the server works."""
        if endpoint.on_answer():
            self.notify(f"{endpoint.url} answers again")

    def refuse(self, endpoint: Endpoint, error: ProviderError) -> bool:
        """Leave out a server that refuses every call. Returns whether another one is left."""
        if endpoint.refused is None:
            endpoint.refused = str(error)
            self.notify(f"{endpoint.url} is left out of this run: {error}")
        return any(other.refused is None for other in self.endpoints)

    def _choose(self, prompt: str) -> Endpoint | None:
        now = asyncio.get_running_loop().time()
        free = [endpoint for endpoint in self.endpoints if endpoint.is_free(now)]
        if not free:
            return None
        least = min(free, key=lambda endpoint: endpoint.load)
        known = self._preferences.get(prompt)
        return known if known in free and known.load <= least.load + SLACK else least

    def _enter(self, endpoint: Endpoint, prompt: str) -> Endpoint:
        endpoint.limiter.enter()
        self._preferences.put(prompt, endpoint)
        return endpoint

    def _refuse_if_all_do(self) -> None:
        if all(endpoint.refused is not None for endpoint in self.endpoints):
            raise NotSentError(f"not sent, because every server refuses calls: {self.endpoints[0].refused}")

    def _end_if_all_refuse(self) -> None:
        if self._waiting and all(endpoint.refused is not None for endpoint in self.endpoints):
            for _, _, _, turn in self._waiting:
                if not turn.done():
                    turn.set_exception(NotSentError(f"not sent: {self.endpoints[0].refused}"))
            self._waiting.clear()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        returns = [e.back_at for e in self.endpoints if e.back_at is not None and e.refused is None]
        if self._waiting and returns:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(min(returns), loop.time() + 0.01), self.wake)


@dataclass(slots=True)
class Lease:
    """One call's hold on a server, which may change with each attempt. `retry` uses it as a limiter."""

    pool: EndpointPool
    prompt: str
    endpoint: Endpoint | None = None  # of the current attempt
    noted: bool = False  # whether the current attempt counts as an answer or a failure already

    @asynccontextmanager
    async def acquire(self, order: int) -> AsyncIterator[int]:
        """Hold a slot of a server while the block runs; yields the argument for `on_overload`."""
        endpoint = self.endpoint = await self.pool.acquire(order, self.prompt)
        self.noted = False
        try:
            yield endpoint.limiter.decreases
            if not self.noted:  # a deadline ended the attempt
                self.pool.note_failure(endpoint, TransientError("no complete answer in time"))
        finally:
            self.pool.release(endpoint)

    def on_success(self) -> None:
        """The attempt succeeded."""
        if self.endpoint is not None:
            self.endpoint.limiter.on_success()
            self.pool.wake()

    def on_overload(self, decreases: int) -> None:
        """The server rejected the attempt: halve its limit."""
        if self.endpoint is not None:
            self.endpoint.limiter.on_overload(decreases)

    async def complete(self, request: Request) -> Completion:
        """Returns the completion of the current attempt's server.

        Raises TransientError, with no wait, if another server can take the call at once.
        """
        endpoint = self.endpoint
        assert endpoint is not None
        try:
            answer = endpoint.provider.complete(request)
            completion = await answer if isawaitable(answer) else answer
        except TransientError as error:
            self.noted = True
            if self.pool.note_failure(endpoint, error) and len(self.pool.endpoints) > 1:
                error.retry_after_s = 0.0
            raise
        except ProviderError as error:
            self.noted = True
            if error.status in _REFUSALS and self.pool.refuse(endpoint, error):
                raise TransientError(str(error), retry_after_s=0.0, sent=False) from error  # no status: others work
            raise
        self.noted = True
        self.pool.note_answer(endpoint)
        return completion
