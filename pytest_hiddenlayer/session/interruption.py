"""Signals that end a run: SIGTERM ends it as Ctrl-C does, and neither breaks an import."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt in this block, unless the program handles the signal itself.

    Python calls handlers of signals in the main thread only; in another thread this does nothing.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT and SIGTERM take effect when this block ends.

    For the first import of numpy: it cannot be repeated in a process in which a signal ended it,
    and then nothing that was answered could be summarized. In another thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    changed = {number: handler for number, handler in handlers.items() if handler is not None}  # None: not Python's
    for number in changed:
        signal.signal(number, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)
    if arrived:
        signal.raise_signal(arrived[0])


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt
