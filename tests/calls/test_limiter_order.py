"""The order in which the limiter serves waiting calls."""

from __future__ import annotations

import asyncio

from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter


def test_the_lowest_order_is_served_first():
    """The waiting call with the lowest order is next, however late it came; at most the limit is in flight."""

    async def serve() -> tuple[list[int], int]:
        limiter, served, in_flight, peak = AdaptiveLimiter(1), [], 0, 0

        async def call(order: int) -> None:
            nonlocal in_flight, peak
            async with limiter.acquire(order):
                in_flight += 1
                peak = max(peak, in_flight)
                served.append(order)
                await asyncio.sleep(0)
                in_flight -= 1

        async with asyncio.TaskGroup() as group:
            for order in (5, 3, 9, 1):
                group.create_task(call(order))
        return served, peak

    served, peak = asyncio.run(serve())
    assert served == [5, 1, 3, 9]
    assert peak == 1


def test_a_cancelled_waiter_takes_no_slot():
    """If a waiting call is cancelled, the next call gets the slot."""

    async def wait(limiter: AdaptiveLimiter) -> None:
        async with limiter.acquire(1):
            pass

    async def serve() -> bool:
        limiter = AdaptiveLimiter(1)
        async with limiter.acquire(0):
            waiting = asyncio.create_task(wait(limiter))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with limiter.acquire(2):
            return True

    assert asyncio.run(serve())
