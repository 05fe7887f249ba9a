"""An event loop in a background thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pytest_hiddenlayer.calls.event_loop import EventLoopThread
from pytest_hiddenlayer.errors import ProviderError


async def _nothing() -> None:
    pass


async def _thread_name() -> str:
    return threading.current_thread().name


async def _time_out() -> None:
    raise TimeoutError("of the work")


def test_work_runs_in_the_thread():
    """Its result is returned, and what it raises is raised, a time-out included."""
    event_loop = EventLoopThread()
    assert not event_loop.started
    assert event_loop.run(_thread_name()) == "hiddenlayer-loop"
    with pytest.raises(TimeoutError, match="of the work"):
        event_loop.run(_time_out())
    event_loop.stop(_nothing())
    assert not event_loop.started


def test_stopping_cancels_what_runs():
    """Then the last work runs, and the thread ends."""
    event_loop = EventLoopThread()
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(60), event_loop.loop)
    done = threading.Event()

    async def last() -> None:
        done.set()

    event_loop.stop(last())
    assert future.cancelled()
    assert done.is_set()


def test_waiting_for_a_dead_thread_is_an_error():
    """Nobody waits forever."""
    event_loop = EventLoopThread()
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(60), event_loop.loop)
    alive, event_loop._thread = event_loop._thread, threading.Thread()
    with pytest.raises(ProviderError, match="thread has ended"):
        event_loop.wait(future)
    event_loop._thread = alive
    event_loop.stop(_nothing())


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("odd")])
def test_what_a_task_raises_does_not_end_the_thread(error):
    """asyncio passes SystemExit and KeyboardInterrupt on to the thread; later work runs all the same."""

    async def raises() -> None:
        raise error

    async def gathers() -> str:
        results = await asyncio.gather(raises(), _thread_name(), return_exceptions=True)
        return str(results[1])

    event_loop = EventLoopThread()
    assert event_loop.run(gathers()) == "hiddenlayer-loop"
    assert event_loop.run(_thread_name()) == "hiddenlayer-loop"
    event_loop.stop(_nothing())


def test_stopping_does_not_wait_for_a_thread_that_has_ended():
    """The last work runs in a new one."""
    event_loop = EventLoopThread()
    loop, thread = event_loop.loop, event_loop._thread
    assert thread
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    done = threading.Event()

    async def last() -> None:
        done.set()

    event_loop.stop(last())
    assert done.is_set()
    assert not event_loop.started
