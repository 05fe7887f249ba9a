"""Limits the calls to one model that are in flight. The limit adapts, and the oldest case goes first.

With a plain semaphore a strategy's second call would queue behind the first calls of every
later case, and all cases would end together. Oldest first, answers arrive in order.

The limit grows while calls succeed and halves when the server is overloaded: additive increase,
multiplicative decrease, after a slow start that doubles each round until the first overload. Near
the limit of the last overload it grows much more slowly. Chiu & Jain 1989, "Analysis of the
increase and decrease algorithms for congestion avoidance in computer networks"; Jacobson 1988,
"Congestion avoidance and control".
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

PROBE_ROUNDS = 8
"""Rounds of successful calls before the limit of the last overload is tried again."""


class AdaptiveLimiter:
    """At most `bound` calls hold a slot at a time; the lowest order goes next. One event loop only."""

    def __init__(self, initial: int, maximum: int | None = None) -> None:
        self.maximum = max(initial, maximum or initial)
        self.in_flight = 0
        self.peak = 0  # highest number in flight at once
        self._bound = float(initial)
        self._overload_bound: float | None = None  # the bound at the last overload
        self.decreases = 0  # how often the bound has been halved
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tickets = count()  # equal orders go first come, first served

    @property
    def bound(self) -> int:
        """The number of calls that may be in flight now."""
        return int(self._bound)

    @asynccontextmanager
    async def acquire(self, order: int) -> AsyncIterator[int]:
        """Hold a slot while the block runs; yields the argument for `on_overload`."""
        await self._acquire(order)
        try:
            yield self.decreases
        finally:
            self.leave()

    def on_success(self) -> None:
        """A call that held a slot succeeded: the bound grows if all slots are taken."""
        if self.in_flight < self.bound or self._bound >= self.maximum:
            return
        step = 1.0 if self._overload_bound is None else 1.0 / self._bound
        if self._overload_bound is not None and self._bound + 1 >= self._overload_bound:
            step /= PROBE_ROUNDS
        self._bound = min(self.maximum, self._bound + step)
        self._wake()

    def on_overload(self, decreases: int) -> None:
        """The server rejected a call: halve the bound, once for all calls in flight with it.

        `decreases` is what `acquire` yielded for that call.
        """
        if decreases == self.decreases:
            self.decreases += 1
            self._overload_bound = self._bound
            self._bound = max(1.0, self._bound / 2)

    def leave(self) -> None:
        """Give back a slot that `enter` took."""
        self.in_flight -= 1
        self._wake()

    async def _acquire(self, order: int) -> None:
        if not self._waiting and self.in_flight < self.bound:
            self.enter()
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was granted already: pass it on
                self.leave()
            raise

    def enter(self) -> None:
        """Take a slot without waiting."""
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def _wake(self) -> None:
        while self.in_flight < self.bound and self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self.enter()
                turn.set_result(None)
