"""Distinguishes an interruption of the run from an exception that a user's code raised."""

from __future__ import annotations

import asyncio
import threading

from ..errors import RunEndedError


def is_interruption(error: BaseException) -> bool:
    """Return whether an exception in a case ends the case instead of belonging to its record.

    A cancelled task, a coroutine that is closed, the end of the process that holds the models, and Ctrl-C
    end it. Ctrl-C reaches the main thread only, so that in the engine's thread KeyboardInterrupt, like
    SystemExit, comes from a user's code.
    """
    if isinstance(error, asyncio.CancelledError):
        task = _current_task()
        return task is None or task.cancelling() > 0
    if isinstance(error, GeneratorExit):
        return _current_task() is None
    if isinstance(error, RunEndedError):
        return True
    if isinstance(error, KeyboardInterrupt):
        return threading.current_thread() is threading.main_thread()
    return False


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop is running
        return None
