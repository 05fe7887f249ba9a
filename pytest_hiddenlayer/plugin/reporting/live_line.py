"""A line below pytest's progress, on a terminal only: answers, right ones, cost, tokens per second, time left.

It is drawn below the line that pytest writes, with relative cursor moves, and erased when pytest
begins a new line or the run ends, so that nothing of it stays in the output.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest

from ...terminal_escape import one_line
from ..state import STATE, State

INTERVAL_S = 0.5
"""Minimum time in seconds between two drawings."""


class LiveLine:
    """Hooks of the process that prints. Under xdist a thread draws, because the main one waits for workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._out: Any = None  # pytest's terminal reporter, while the line may be drawn
        self._state: State | None = None
        self._drawn_at = float("-inf")
        self._shown = False
        self._column = 0  # where pytest wrote last
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def drawing(self) -> bool:
        """Whether the line is drawn."""
        return self._out is not None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Draw from the start of the run to its last item."""
        self._begin(session)
        try:
            return (yield)
        finally:
            self.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None]:
        """Draw after pytest has written."""
        result = yield
        self._follow()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None]:
        """Draw after pytest has written."""
        result = yield
        self._follow()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logfinish(self) -> Generator[None]:
        """Draw after pytest has written."""
        result = yield
        self._follow()
        return result

    def _begin(self, session: pytest.Session) -> None:
        out = self._config.pluginmanager.get_plugin("terminalreporter")
        state = self._config.stash.get(STATE, None)
        workers = self._config.pluginmanager.has_plugin("dsession")
        if out is None or state is None or not (state.session.configs or workers):
            return
        state.session.progress.start(planned(state))
        if not out.isatty or os.environ.get("TERM") == "dumb" or self._config.option.capture == "no":
            return
        self._out, self._state = out, state
        self.draw()
        if workers:
            self._thread = threading.Thread(target=self._tick, name="hiddenlayer-live-line", daemon=True)
            self._thread.start()

    def _tick(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            self.draw()

    def _follow(self) -> None:
        """Erase what is left of the text if pytest began a new line, which overwrites it."""
        with self._lock:
            if self._out is None:
                return
            column = self._out._tw.width_of_current_line
            if self._shown and column != self._column:
                self._write("\x1b[K")
            if column < self._column:
                self._shown, self._drawn_at = False, float("-inf")
            self._column = column
        self.draw()

    def draw(self) -> None:
        """Draw the line, if the last drawing is old enough."""
        with self._lock:
            if self._out is None or self._state is None or time.monotonic() - self._drawn_at < INTERVAL_S:
                return
            progress = self._state.session.progress
            progress.total = planned(self._state) or progress.total
            self._write_below(one_line(progress.line(self._out._tw.fullwidth - 1)))
            self._drawn_at, self._shown = time.monotonic(), True

    def erase(self) -> None:
        """Remove the line."""
        with self._lock:
            if self._out is not None and self._shown:
                self._write_below("")
                self._shown, self._drawn_at = False, float("-inf")

    def end(self) -> None:
        """Remove the line and draw no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.erase()
        self._out = None

    def _write_below(self, text: str) -> None:
        """Write on the next line, in one piece, and move the cursor back to pytest's line."""
        column = self._out._tw.width_of_current_line
        right = f"\x1b[{column}C" if column else ""
        self._write(f"\n\r{text}\x1b[K\x1b[A\r{right}")

    def _write(self, text: str) -> None:
        self._out._tw._file.write(text)
        self._out._tw._file.flush()


def planned(state: State) -> int:
    """How many answers this run will have; 0 if a controller does not know its cells yet."""
    return sum(len(cell.selected) * cell.epochs for cell in state.session.configs.values())
