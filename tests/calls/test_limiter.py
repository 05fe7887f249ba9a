"""The bound on calls in flight: it grows, halves once for a burst, and serves the oldest first."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter


async def crowd(limiter: AdaptiveLimiter, n: int, *, refuse=lambda: False) -> None:
    """n calls that each hold a place for one turn of the loop; some are turned away, and come again."""

    async def one(order: int) -> None:
        while True:
            async with limiter.acquire(order) as held:
                await asyncio.sleep(0)
                if not refuse():
                    limiter.on_success()
                    return
                limiter.on_overload(held)

    await asyncio.gather(*(one(i) for i in range(n)))


def test_it_doubles_until_the_most():
    """While all goes well each round of calls doubles the bound."""
    limiter = AdaptiveLimiter(4, 64)
    asyncio.run(crowd(limiter, 500))
    assert (limiter.bound, limiter.peak, limiter.in_flight) == (64, 64, 0)


def test_a_fixed_bound_stays():
    """Start and most equal: it never grows."""
    limiter = AdaptiveLimiter(3)
    asyncio.run(crowd(limiter, 50))
    assert (limiter.bound, limiter.peak) == (3, 3)


def test_without_demand_it_does_not_grow():
    """Calls that never wait tell nothing of what the server bears."""
    limiter = AdaptiveLimiter(20, 200)

    async def one_by_one() -> None:
        for i in range(50):
            await crowd(limiter, 1)
            assert limiter.bound == 20, i

    asyncio.run(one_by_one())


def test_one_burst_halves_once():
    """Twenty refusals of calls that were in flight together halve the bound once, a later one again."""

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


def test_after_a_cut_it_grows_by_one_a_round():
    """Additive increase: a round of successes at bound b adds about one."""

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


@pytest.mark.parametrize("bears", [1, 5, 30])
def test_it_finds_what_the_server_bears(bears):
    """A server that refuses above `bears` calls: all are answered, and at the end few are refused."""

    async def go() -> tuple[int, int]:
        limiter = AdaptiveLimiter(20, 200)
        refusals = 0

        def refuse() -> bool:
            nonlocal refusals
            refusals += limiter.in_flight > bears
            return limiter.in_flight > bears

        await crowd(limiter, 2000, refuse=refuse)
        return refusals, limiter.bound

    refusals, bound = asyncio.run(go())
    assert refusals < 1000
    assert bound <= 2 * bears + 2


def test_a_cancelled_waiter_passes_its_place_on():
    """Whoever is cancelled while waiting, or just when it was its turn, blocks nobody."""

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
