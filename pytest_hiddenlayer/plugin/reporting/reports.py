"""Reports carry records from the item that made them to the process that prints and judges.

Texts are released as soon as they are reported: they are on disk, and pytest keeps every
item and every report to the end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from ..controls import CONTROLS, controls_of
from ..outcomes import NEWLY_CORRECT
from ..session import case_of
from ..state import RECORDS, STATE


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put an item's records on its report, and turn a newly right answer into an xpass."""
    report = yield
    if case_of(item) is None:
        return report
    report.hl_eval = True  # type: ignore[attr-defined]
    report.user_properties = item.user_properties  # one list for three reports: pytest keeps them all
    records = [*item.stash.get(RECORDS, []), *controls_of(item)]
    if records and (report.when == "call" or (report.when == "setup" and not report.passed)):
        report.hl_records = records  # type: ignore[attr-defined]
    elif report.skipped and not _expected(report) and isinstance(report.longrepr, tuple):
        report.hl_not_run = _cell_of(item)  # type: ignore[attr-defined]
    if report.when == "call" and report.passed and NEWLY_CORRECT in item.stash:
        report.wasxfail = item.stash[NEWLY_CORRECT]
    if report.when == "teardown":
        for key in (RECORDS, CONTROLS):
            if key in item.stash:
                del item.stash[key]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config, report: Any) -> Generator[None, Any, Any]:
    """Records as plain JSON values; from an xdist worker as one text: its channel is slow with nested values."""
    values = yield
    if values is not None and "hl_records" in values:
        records = [record.to_json() for record in report.hl_records]
        values["hl_records"] = json.dumps(records) if hasattr(config, "workerinput") else records
    return values


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> Generator[None, Any, Any]:
    """Restore records that come from another process."""
    report = yield
    if hasattr(report, "hl_records"):
        from ...types import Record

        sent = report.hl_records
        report.hl_records = [Record(**values) for values in (json.loads(sent) if isinstance(sent, str) else sent)]
    return report


class RecordCollector:
    """On the controller: collects the records and outcomes of eval items before anything is printed."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._carrying: dict[str, pytest.TestReport] = {}  # node id → the report with its records

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Keep what metrics need of a report's records; release their texts after the item's last report."""
        if getattr(report, "hl_eval", False):
            self._keep(report)
        yield
        if report.when == "teardown" and (carrying := self._carrying.pop(report.nodeid, None)) is not None:
            del carrying.hl_records

    def _keep(self, report: pytest.TestReport) -> None:
        from ...results.log.compact import without_texts

        state = self.config.stash[STATE]
        records = getattr(report, "hl_records", ())
        if records:
            keep_texts = state.session.options.equal_budget
            state.session.records.extend(records if keep_texts else map(without_texts, records))
            self._carrying[report.nodeid] = report
        if report.skipped and not _expected(report) and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            state.skips[reason] += 1
            if (cell := getattr(report, "hl_not_run", None)) and not reason.startswith("adaptive:"):
                state.session.not_run.setdefault(tuple(cell), Counter())[reason] += 1
        if report.when == "call" or not report.passed:
            state.seen[report.nodeid] = report.outcome if not _expected(report) else "scored"


def _cell_of(item: pytest.Item) -> list[str] | None:
    case = case_of(item)
    return None if case is None else list(case.cell.key)


def _expected(report: Any) -> bool:
    return hasattr(report, "wasxfail")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session in which every eval item was skipped: it measured nothing."""
    state = session.config.stash.get(STATE, None)
    if state is None or state.session.worker:
        return
    fine = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # workers ran no item if only gates are selected
    if state.only_skips and session.exitstatus in fine:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
