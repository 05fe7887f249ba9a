"""An asyncio event loop in a background thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from ..errors import ProviderError

T = TypeVar("T")
STOP_S = 30
"""Seconds to wait until the tasks of a loop have ended."""


class EventLoopThread:
    """A daemon thread that runs one event loop; it starts on first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def started(self) -> bool:
        """Whether the loop exists."""
        return self._loop is not None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = _start(self._loop)
        return self._loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and return its result. Raises what it raises."""
        return self.wait(asyncio.run_coroutine_threadsafe(work, self.loop))

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop, without waiting for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def wait(self, future: Future[T], meanwhile: Callable[[], None] = lambda: None) -> T:
        """Return the future's result; `meanwhile` is called about once per second until it is done.

        Raises ProviderError if the loop's thread has ended.
        """
        while True:
            try:
                return future.result(timeout=1.0)
            except TimeoutError:
                if future.done():
                    raise  # the work itself raised it
                meanwhile()
                if self._thread is None or not self._thread.is_alive():
                    raise ProviderError("the engine's thread has ended; start a new run") from None

    def stop(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel all tasks on the loop, run `last`, and end the thread. A thread that has ended is replaced first.

        Raises what `last` raises, and TimeoutError if the tasks do not end.
        """
        loop, thread = self.loop, self._thread
        if thread is None or not thread.is_alive():
            thread = _start(loop)
        try:
            asyncio.run_coroutine_threadsafe(_cancel_all_then(last), loop).result(timeout=STOP_S)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=10)
            if not thread.is_alive():
                loop.close()
            self._loop = self._thread = None


def _start(loop: asyncio.AbstractEventLoop) -> threading.Thread:
    thread = threading.Thread(target=_run, args=(loop,), name="hiddenlayer-loop", daemon=True)
    thread.start()
    return thread


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop until it is stopped.

    asyncio passes SystemExit and KeyboardInterrupt of a task on to the loop's thread. They are the
    task's result, which whoever waits for it receives, so that the loop goes on.
    """
    while True:
        try:
            loop.run_forever()
            return
        except (SystemExit, KeyboardInterrupt):
            continue


async def _cancel_all_then(last: Coroutine[Any, Any, None]) -> None:
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await last
