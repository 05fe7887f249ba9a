"""The limit of calls in flight grows, halves once per burst of overloads, and serves the oldest first."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter


async def crowd(limiter: AdaptiveLimiter, n: int, *, rejects=lambda: False) -> None:
    """n calls that each hold a slot for one iteration of the loop; rejected ones are repeated."""

    async def one(order: int) -> None:
        while True:
            async with limiter.acquire(order) as held:
                await asyncio.sleep(0)
                if not rejects():
                    limiter.on_success()
                    return
                limiter.on_overload(held)

    await asyncio.gather(*(one(i) for i in range(n)))


def test_it_doubles_up_to_the_maximum():
    """While all calls succeed, each round doubles the bound."""
    limiter = AdaptiveLimiter(4, 64)
    asyncio.run(crowd(limiter, 500))
    assert (limiter.bound, limiter.peak, limiter.in_flight) == (64, 64, 0)


def test_a_fixed_bound_stays():
    """If the initial and the maximum bound are equal, it never grows."""
    limiter = AdaptiveLimiter(3)
    asyncio.run(crowd(limiter, 50))
    assert (limiter.bound, limiter.peak) == (3, 3)


def test_without_demand_it_does_not_grow():
    """If no call waits, successes do not raise the bound."""
    limiter = AdaptiveLimiter(20, 200)

    async def one_by_one() -> None:
        for i in range(50):
            await crowd(limiter, 1)
            assert limiter.bound == 20, i

    asyncio.run(one_by_one())


def test_one_burst_halves_once():
    """Twenty rejections of calls in flight together halve the bound once, and a later one again."""

    async def go() -> list[int]:
        limiter, bounds = AdaptiveLimiter(20, 200), []
        for _ in range(2):
            async with asyncio.TaskGroup() as group:
                gate = asyncio.Event()

                async def refused() -> None:
                    async with limiter.acquire(0) as held:
                        await gate.wait()  # noqa: B023
                        limiter.on_overload(held)

                for _ in range(limiter.bound):
                    group.create_task(refused())
                await asyncio.sleep(0)
                gate.set()
            bounds.append(limiter.bound)
        return bounds

    assert asyncio.run(go()) == [10, 5]


def test_after_an_overload_it_grows_by_one_per_round():
    """Additive increase: a round of successes adds about one."""

    async def go() -> tuple[int, int]:
        limiter = AdaptiveLimiter(40, 200)
        async with limiter.acquire(0) as held:
            limiter.on_overload(held)
        before = limiter.bound
        await crowd(limiter, before * 5)
        return before, limiter.bound

    before, after = asyncio.run(go())
    assert before == 20
    assert 22 <= after <= 25


@pytest.mark.parametrize("capacity", [1, 5, 30])
def test_it_finds_the_capacity_of_the_server(capacity):
    """A server rejects calls above its capacity: all are answered in the end, and few are rejected."""

    async def go() -> tuple[int, int]:
        limiter = AdaptiveLimiter(20, 200)
        rejections = 0

        def rejects() -> bool:
            nonlocal rejections
            rejections += limiter.in_flight > capacity
            return limiter.in_flight > capacity

        await crowd(limiter, 2000, rejects=rejects)
        return rejections, limiter.bound

    rejections, bound = asyncio.run(go())
    assert rejections < 1000
    assert bound <= 2 * capacity + 2


def test_a_cancelled_waiter_passes_its_slot_on():
    """A call that is cancelled while it waits, or just when it gets its slot, blocks no other."""

    async def go() -> bool:
        limiter = AdaptiveLimiter(1)
        async with limiter.acquire(0):
            waiting = [asyncio.create_task(crowd(limiter, 1)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        waiting[1].cancel()
        await asyncio.wait_for(waiting[2], 60)
        return limiter.in_flight == 0

    assert asyncio.run(go())
