"""What pytest prints of evals cannot steer a terminal: tracebacks, captured output, logs and warnings."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ...terminal_escape import coloured, one_line, visible
from ..state import STATE


def make_safe(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    """Escape the texts of a report that pytest prints; on a terminal with colours, these are kept.

    A worker keeps them too: the controller knows the terminal, and escapes the rest.
    """
    escape = coloured if hasattr(config, "workerinput") or _has_colours(config) else visible
    if report.longrepr is not None:
        report.longrepr = _safe(report.longrepr, escape)
    if report.sections:
        report.sections = [(one_line(name), escape(text)) for name, text in report.sections]
    reason = getattr(report, "wasxfail", None)
    if isinstance(reason, str):
        report.wasxfail = visible(reason)  # type: ignore[union-attr]


def _has_colours(config: pytest.Config) -> bool:
    return bool(getattr(config.pluginmanager.get_plugin("terminalreporter"), "hasmarkup", False))


def _safe(value: Any, escape: Callable[[str], str]) -> Any:
    """The value with escaped texts; objects of pytest are changed in place."""
    if isinstance(value, str):
        return escape(value)
    if type(value) in (list, tuple):
        return type(value)(_safe(part, escape) for part in value)
    if type(value).__module__.partition(".")[0] == "_pytest":
        for name, part in vars(value).items():
            setattr(value, name, _safe(part, escape))
    return value


class SafeMessages:
    """Hooks of the process that prints: warnings and logs are escaped in sessions with evals."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Escape the report of an eval that comes from a worker."""
        if hasattr(report, "node") and getattr(report, "hl_eval", False):
            make_safe(report, self._config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Escape the error of a worker's collection."""
        if hasattr(report, "node") and self._config.stash.get(STATE, None) is not None:
            make_safe(report, self._config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Replace a warning that could steer the terminal by one with the escaped text."""
        text = str(warning_message.message)
        if self._config.stash.get(STATE, None) is not None and visible(text) != text:
            warning_message.message = UserWarning(visible(text))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Escape what `log_cli` prints, with the colours of its levels."""
        if self._config.stash.get(STATE, None) is not None:
            for handler in self._log_handlers():
                if not isinstance(handler.formatter, _SafeFormatter):
                    handler.formatter = _SafeFormatter(handler.formatter or logging.Formatter())

    def _log_handlers(self) -> Iterator[logging.Handler]:
        plugin = self._config.pluginmanager.get_plugin("logging-plugin")
        handler = getattr(plugin, "log_cli_handler", None)
        if isinstance(handler, logging.StreamHandler):
            yield handler


class _SafeFormatter(logging.Formatter):
    """Another formatter, whose text is escaped."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Return the escaped text of the other formatter."""
        return coloured(self._formatter.format(record))
