"""How many calls to one model are in flight: a bound that adapts, and serves the oldest case first.

With a plain semaphore a strategy's second call would queue behind the first calls of every
later case, and all cases would end together; oldest first, answers arrive in order.

The bound grows while calls succeed and halves when the server says that it is too much:
additive increase, multiplicative decrease, after a slow start that doubles each round until
the first such word; near the bound that was last too much it grows a good deal slower. Chiu &
Jain 1989, "Analysis of the increase and decrease algorithms for congestion avoidance in
computer networks"; Jacobson 1988, "Congestion avoidance and control".
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

PROBE_ROUNDS = 8
"""Rounds of calls that go well before the bound that was last too much is tried again."""


class AdaptiveLimiter:
    """At most `bound` holders at a time; of those who wait, the lowest order goes next. One event loop only."""

    def __init__(self, start: int, most: int | None = None) -> None:
        self.most = max(start, most or start)
        self.in_flight = 0
        self.peak = 0  # most that were in flight at once
        self._bound = float(start)
        self._refused: float | None = None  # the bound at which the server last turned a call away
        self._decreases = 0  # how often the bound was halved
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tickets = count()  # equal orders go first come, first served

    @property
    def bound(self) -> int:
        """Calls that may be in flight now."""
        return int(self._bound)

    @asynccontextmanager
    async def acquire(self, order: int) -> AsyncIterator[int]:
        """Hold a place while the block runs; gives what `on_overload` wants to know of it."""
        await self._take(order)
        try:
            yield self._decreases
        finally:
            self._leave()

    def on_success(self) -> None:
        """A call that held a place succeeded: the bound grows, if it was what calls waited for."""
        if self.in_flight < self.bound or self._bound >= self.most:
            return
        step = 1.0 if self._refused is None else 1.0 / self._bound
        if self._refused is not None and self._bound + 1 >= self._refused:
            step /= PROBE_ROUNDS
        self._bound = min(self.most, self._bound + step)
        self._wake()

    def on_overload(self, held: int) -> None:
        """The server turned a call away that held a place: half as many, once for all that were in flight with it."""
        if held == self._decreases:
            self._decreases += 1
            self._refused = self._bound
            self._bound = max(1.0, self._bound / 2)

    def _leave(self) -> None:
        self.in_flight -= 1
        self._wake()

    async def _take(self, order: int) -> None:
        if not self._waiting and self.in_flight < self.bound:
            self._enter()
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was ours already: pass it on
                self._leave()
            raise

    def _enter(self) -> None:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def _wake(self) -> None:
        while self.in_flight < self.bound and self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._enter()
                turn.set_result(None)
