"""Independent coroutines run at the same time."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.concurrency import gather_or_cancel


def test_results_keep_their_order():
    """Results are in the order of the calls, not of their completion."""

    async def run() -> list[int]:
        second_done = asyncio.Event()

        async def first() -> int:
            await second_done.wait()
            return 1

        async def second() -> int:
            second_done.set()
            return 2

        return await gather_or_cancel([first(), second()])

    assert asyncio.run(run()) == [1, 2]


def test_the_first_failure_cancels_the_others():
    """The first exception is raised unwrapped, and the other calls are cancelled."""
    cancelled = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(gather_or_cancel([wait(), fail(), wait()]))
    assert cancelled == [True, True]
