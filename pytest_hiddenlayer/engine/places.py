"""A bound on calls in flight that serves the oldest case first.

With a plain semaphore a strategy's second call would queue behind the first calls of every
later case, and all cases would end together; oldest first, answers arrive in order.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Places:
    """At most `n` holders at a time; of those who wait, the lowest order goes next. One event loop only."""

    def __init__(self, n: int) -> None:
        self._free = n
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tickets = count()  # equal orders go first come, first served

    @asynccontextmanager
    async def hold(self, order: int) -> AsyncIterator[None]:
        """Hold a place while the block runs."""
        await self._take(order)
        try:
            yield
        finally:
            self._free += 1
            self._wake()

    async def _take(self, order: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was ours already: pass it on
                self._free += 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._free and self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
