"""What is logged while quiet items run: one handler for all of them, as long as no other test runs between them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from _pytest.logging import LogCaptureHandler, _LiveLoggingNullHandler, catching_logs


def sections_replaced(config: pytest.Config) -> bool:
    """Whether this module takes the place of pytest's logging around each phase: not with live logs."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    return plugin is not None and isinstance(getattr(plugin, "log_cli_handler", None), _LiveLoggingNullHandler)


class ItemLogs:
    """Collects log messages while quiet items run."""

    def __init__(self, config: pytest.Config) -> None:
        self._plugin: Any = config.pluginmanager.get_plugin("logging-plugin")
        self._handler = LogCaptureHandler()
        self._attached = ExitStack()
        self._active = False

    def follow(self, quiet: bool) -> None:
        """Collect from now on if the next item is quiet, else no more: what another test logs is not this one's."""
        if quiet is self._active:
            return
        self._active = quiet
        if quiet:
            self._handler.setFormatter(self._plugin.formatter)
            self._attached.enter_context(catching_logs(self._handler, level=self._plugin.log_level))
        else:
            self._attached.close()
            self._handler.reset()

    def add_section(self, item: pytest.Item, when: str) -> None:
        """Add what was logged during a phase to its item, as pytest's logging does."""
        if self._handler.records:
            item.add_report_section(when, "log", self._handler.stream.getvalue().strip())
            self._handler.reset()
