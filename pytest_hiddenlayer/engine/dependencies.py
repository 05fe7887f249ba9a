"""Detects which calls of a case do not depend on an earlier response and can therefore be batched."""

from __future__ import annotations

import asyncio
from typing import Any


class DependencyTracker:
    """Distinguishes a case's first calls, made concurrently, from calls that may contain an earlier response.

    If a strategy gathers several calls, the cache may answer some of them immediately. The
    other calls of the same gather remain independent: each runs in its own task, which
    started before the strategy could read any response.
    """

    def __init__(self) -> None:
        self._visible_to_all = False
        self._tasks_with_response: set[asyncio.Task[Any] | None] = set()

    def is_independent(self) -> bool:
        """Return whether a call that the current task makes now cannot contain an earlier response."""
        return not self._visible_to_all and asyncio.current_task() not in self._tasks_with_response

    def on_answer(self) -> None:
        """Note that the current task has a response. From the next loop iteration on, every task may read it."""
        self._tasks_with_response.add(asyncio.current_task())
        asyncio.get_running_loop().call_soon(self._make_visible_to_all)

    def _make_visible_to_all(self) -> None:
        self._visible_to_all = True
        self._tasks_with_response.clear()
