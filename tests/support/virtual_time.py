"""Runs a coroutine on an event loop whose clock jumps to the next timer: waits take no time, durations are exact."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest import mock

T = TypeVar("T")


class _VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Moves its clock only if nothing else is ready to run. Waits for no socket and no thread."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        if not self._ready and timers:
            self.now = max(self.now, min(timers))
        super()._run_once()


def run_in_virtual_time(coroutine: Coroutine[Any, Any, T]) -> T:
    """Returns the coroutine's result. While it runs, `time.monotonic()` is the loop's clock, in seconds from 0."""
    with asyncio.Runner(loop_factory=_VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        with mock.patch("time.monotonic", loop.time):
            return runner.run(coroutine)
