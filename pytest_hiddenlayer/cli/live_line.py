"""One line on a terminal that is rewritten while a command works; nothing in a pipe or a file."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from ..terminal_escape import one_line
from .output import SafeOutput, encodable

INTERVAL_S = 0.5
"""Seconds between two updates: the first sign of life comes at once."""


class LiveLine:
    """A context in which the text of `line(width)` is shown on stderr, and updated twice per second."""

    def __init__(self, line: Callable[[int], str]) -> None:
        self._line = line
        out = sys.stderr
        self._stream = out.stream if isinstance(out, SafeOutput) else out
        self._active = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._update, name="hiddenlayer-live-line", daemon=True)

    def __enter__(self) -> LiveLine:
        if self._active:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._active:
            self._thread.join()
            self._write("\r\x1b[K")

    def print(self, text: str) -> None:
        """Print a line of its own above the live line."""
        with self._lock:
            if self._active:
                self._write("\r\x1b[K")
            print(text, file=sys.stderr)

    def _update(self) -> None:
        while True:
            with self._lock:
                text = one_line(self._line(shutil.get_terminal_size().columns - 1))
                self._write(f"\r{encodable(text, self._stream.encoding)}\x1b[K")
            if self._ended.wait(INTERVAL_S):
                return

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
