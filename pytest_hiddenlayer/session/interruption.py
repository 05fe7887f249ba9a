"""Signals that end a run: SIGTERM and SIGHUP end it as Ctrl-C does, and none of them breaks an import."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

RETRY_S = 0.01
MAX_TRIES = 500
"""How often a signal waits `RETRY_S` for an import; one that does not end is interrupted."""
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""A closed terminal sends SIGHUP. Windows has none."""


class HeldBackSignals:
    """Signals that take effect when they are released: at the end of a run only its summary is left.

    A second one raises KeyboardInterrupt at once.
    """

    def __init__(self) -> None:
        self._numbers: Sequence[int] = ()
        self._arrived: list[int] = []

    def hold(self, numbers: Sequence[int]) -> None:
        """Hold these signals back from now on."""
        self._numbers = numbers
        for number in numbers:
            signal.signal(number, self._note)

    def release(self, before: Callable[[], None]) -> None:
        """Restore the default of the signals; if one has arrived, call `before` and send it again."""
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        if self._arrived:
            before()
            signal.raise_signal(self._arrived[0])

    def _note(self, number: int, frame: Any) -> None:
        self._arrived.append(number)
        if len(self._arrived) > 1:
            raise KeyboardInterrupt


@contextmanager
def terminated_as_interrupted(then: HeldBackSignals | None = None) -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt in this block, unless the program handles or ignores the signal.

    They and Ctrl-C wait for an import that is under way. After the block `then` holds SIGTERM and SIGHUP back, if
    it is given. Python calls handlers of signals in the main thread only; in another thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in ENDING}
    usual = (signal.SIG_DFL, signal.default_int_handler)
    changed = {number: handler for number, handler in handlers.items() if handler in usual}
    block = sys._getframe(2)  # that of the `with` statement: an import around it may be under way as well
    for number in changed:
        signal.signal(number, partial(_interrupt, block=block))
    try:
        yield
    finally:
        for number, handler in changed.items():
            if then is None or handler is not signal.SIG_DFL:
                signal.signal(number, handler)
        if then is not None:
            then.hold([number for number, handler in changed.items() if handler is signal.SIG_DFL])


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP take effect when this block ends.

    For the first import of numpy: it cannot be repeated in a process in which a signal ended it, and then
    nothing that was answered could be summarized. And for files that are written all or not at all. In another
    thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
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


def _interrupt(number: int, frame: Any, *, block: FrameType, tries: int = 0) -> None:
    """Raise KeyboardInterrupt, after an import that is under way: a half-imported module can't be imported again."""
    if not _is_importing(frame, block) or tries >= MAX_TRIES:
        raise KeyboardInterrupt
    signal.signal(number, partial(_interrupt, block=block, tries=tries + 1))
    again = threading.Timer(RETRY_S, _send_to_main_thread, (number,))
    again.daemon = True
    again.start()


def _is_importing(frame: FrameType | None, block: FrameType) -> bool:
    """Whether an import that began in the block is under way."""
    while frame is not None and frame is not block:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _send_to_main_thread(number: int) -> None:
    if hasattr(signal, "pthread_kill"):  # also ends what the thread waits for
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
