"""Equal errors are printed once, with their number: a wrong key would fill the terminal with 200 copies."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from ..state import STATE

MAX_NAMES = 3
"""Items that are named below an error that many have."""


class EqualErrors:
    """A hook around pytest's summaries of errors; the counts of its last line stay as they are."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Show one report for all errors with the same message while the summaries are printed."""
        reports = terminalreporter.stats.get("error")
        if not reports or terminalreporter.config.stash.get(STATE, None) is None:
            return (yield)
        terminalreporter.stats["error"] = collapsed(reports)
        try:
            return (yield)
        finally:
            terminalreporter.stats["error"] = reports


def collapsed(reports: Sequence[Any]) -> list[Any]:
    """One report per message; reports of other items than evals are kept as they are."""
    by_message: dict[Any, list[Any]] = {}
    for report in reports:
        message = _message(report) if getattr(report, "hl_eval", False) else None
        by_message.setdefault(id(report) if message is None else message, []).append(report)
    return [_first(equal) for equal in by_message.values()]


def _first(equal: Sequence[Any]) -> Any:
    """The first report; if there are several, a copy of it that says how many, and names some."""
    report = equal[0]
    if len(equal) == 1:
        return report
    names = [str(other.nodeid).partition("::")[2] for other in equal[1 : MAX_NAMES + 1]]
    more = ", …" if len(equal) > MAX_NAMES + 1 else ""
    shown = copy.copy(report)
    shown.longrepr = copy.copy(report.longrepr)
    shown.longrepr.sections = [
        *report.longrepr.sections,
        (f"the same error on {len(equal) - 1:,} more items", f"{', '.join(names)}{more}", "-"),
    ]
    shown.longrepr.reprcrash = copy.copy(report.longrepr.reprcrash)
    shown.longrepr.reprcrash.message = f"{len(equal):,} x {_message(report)}"
    return shown


def _message(report: Any) -> str | None:
    crash = getattr(report.longrepr, "reprcrash", None)
    return None if crash is None else str(crash.message)
