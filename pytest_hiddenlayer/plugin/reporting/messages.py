"""Sentences for people while items wait: what was sent and collected in batches."""

from __future__ import annotations

from contextlib import nullcontext
from queue import Empty, SimpleQueue

import pytest

from ...terminal_escape import visible

LIVE_LINE = "hiddenlayer-live-line"
"""Name of the plugin that draws it."""


class Messages:
    """Takes sentences from any thread, and prints them from the main one, past the capture of its item."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._waiting: SimpleQueue[str] = SimpleQueue()

    def put(self, text: str) -> None:
        """Take a sentence. A controller of workers prints at once: its main thread waits for them."""
        self._waiting.put(text)
        if self._config.pluginmanager.has_plugin("dsession"):
            self.show()

    def show(self) -> None:
        """Print what is waiting, and update the live line; nothing if there is no terminal reporter."""
        out = self._config.pluginmanager.get_plugin("terminalreporter")
        live_line = self._config.pluginmanager.get_plugin(LIVE_LINE)
        texts = list(self._all())
        if out is None or not (texts or live_line):
            return
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
            if texts and live_line is not None:
                live_line.erase()
            if texts:
                out.ensure_newline()
            for text in texts:
                out.write_line(visible(text))
            out.flush()  # a file or a pipe would hold them back until the run ends
            if live_line is not None:
                live_line.draw()

    def _all(self) -> list[str]:
        texts = []
        while True:
            try:
                texts.append(self._waiting.get_nowait())
            except Empty:
                return texts
