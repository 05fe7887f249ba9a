"""Which calls of a case depend on no answer of it: those that are asked before any answer was heard."""

from __future__ import annotations

import asyncio
from typing import Any


class DependencyTracker:
    """Tells the first calls of one case, which are asked together, from those that may hold an earlier answer.

    Of calls that a strategy gathers, some may be answered at once by a cache. The others of
    the same gather are first calls all the same, since each is a task of its own that began
    before its strategy could read any answer.
    """

    def __init__(self) -> None:
        self._heard = False
        self._hearers: set[asyncio.Task[Any] | None] = set()

    def now(self) -> bool:
        """Whether a call that the running task makes now can hold no answer."""
        return not self._heard and asyncio.current_task() not in self._hearers

    def on_answer(self) -> None:
        """The running task was answered; with the loop's next round all tasks of the case may know of it."""
        self._hearers.add(asyncio.current_task())
        asyncio.get_running_loop().call_soon(self._tell_all)

    def _tell_all(self) -> None:
        self._heard = True
        self._hearers.clear()
