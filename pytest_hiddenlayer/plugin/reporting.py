"""Records travel on reports: from the item that made them to the process that prints and gates."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from .equal_budget import controls_of
from .outcomes import RIGHT_NOW
from .running import case_of
from .state import RECORDS, STATE


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put an item's records on its report as plain JSON values, and turn a newly right answer into an xpass."""
    report = yield
    if case_of(item) is None:
        return report
    report.hl_eval = True  # type: ignore[attr-defined]
    made = [*item.stash.get(RECORDS, []), *controls_of(item)]
    if made and (report.when == "call" or (report.when == "setup" and not report.passed)):
        report.hl_records = [record.to_json() for record in made]  # type: ignore[attr-defined]
    if report.when == "call" and report.passed and RIGHT_NOW in item.stash:
        report.wasxfail = item.stash[RIGHT_NOW]
    return report


class Gathering:
    """The controller's side: records and outcomes of eval items, before anybody prints them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the records of a report."""
        if not getattr(report, "hl_eval", False):
            return
        from ..types import Record

        state = self.config.stash[STATE]
        for values in getattr(report, "hl_records", ()):
            state.records.append(Record(**values))
        if report.when == "call" or not report.passed:
            state.seen[report.nodeid] = report.outcome if not _expected(report) else "scored"


def _expected(report: Any) -> bool:
    return hasattr(report, "wasxfail")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A session in which every eval item was skipped measured nothing: it is not a success."""
    state = session.config.stash.get(STATE, None)
    if state is None or state.worker or not state.seen:
        return
    if set(state.seen.values()) == {"skipped"} and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
