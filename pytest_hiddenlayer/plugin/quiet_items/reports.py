"""The report of a passed phase, without what pytest computes again for each phase."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Literal

import pytest

from ..collect import EvalItem
from ..reporting.reports import attach_records
from .logs import ItemLogs, sections_replaced

_WITHOUT_STATUS = ("_pytest", "pytest_hiddenlayer", "pytest_rerunfailures", "pytest_metadata", "syrupy")
"""Packages whose plugins show nothing of a passed setup or teardown."""


class PassedReports:
    """Makes the reports of passed phases of task files' items; pytest makes all others."""

    _logs: ItemLogs | None = None
    _asks_others = True  # whether another plugin may show passed setups and teardowns

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Collect what is logged, while quiet items run."""
        if self._logs is not None:
            self._logs.follow(isinstance(item, EvalItem) and item.parent.quiet)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
        """Return the report of a passed phase, None for others.

        pytest keeps all reports: those of one item share its keywords and properties.
        """
        if not isinstance(item, EvalItem):
            return None
        if self._logs is not None and item.parent.quiet:
            self._logs.add_section(item, call.when)
        return None if call.excinfo is not None else _report(item, call)

    @pytest.hookimpl
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Return that nothing is shown of a passed setup or teardown, as pytest does after asking other plugins."""
        if self._asks_others:
            return None
        if report.outcome == "passed" and report.when in ("setup", "teardown") and hasattr(report, "hl_eval"):
            return None if hasattr(report, "wasxfail") else ("", "", "")
        return None

    def complete(self, item: EvalItem, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Return the report of a passed phase with its records, for an item that no other plugin reports."""
        if self._logs is not None:
            self._logs.add_section(item, call.when)
        report = _report(item, call)
        attach_records(item, report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Decide who collects what is logged and who is asked for statuses, and collect no more at the end."""
        self._logs = ItemLogs(session.config) if sections_replaced(session.config) else None
        self._asks_others = any(
            implementation.function.__module__.partition(".")[0] not in _WITHOUT_STATUS
            for implementation in session.config.hook.pytest_report_teststatus.get_hookimpls()
        )
        try:
            return (yield)
        finally:
            if self._logs is not None:
                self._logs.follow(False)


def _report(item: EvalItem, call: pytest.CallInfo[None]) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=item.id,
        location=item.location,
        keywords=_keywords(item),
        outcome="passed",
        longrepr=None,
        when=call.when,  # type: ignore[arg-type]  # "collect" belongs to collectors
        duration=call.duration,
        start=call.start,
        stop=call.stop,
        sections=[(f"Captured {kind} {when}", text) for when, kind, text in item._report_sections],
    )


def _keywords(item: EvalItem) -> Mapping[str, Literal[1]]:
    """The names of the item's keywords, computed again if a mark was added to it."""
    if item.report_keywords is None or len(item.own_markers) != item.report_keywords[0]:
        item.report_keywords = len(item.own_markers), dict.fromkeys(item.keywords, 1)
    return item.report_keywords[1]
