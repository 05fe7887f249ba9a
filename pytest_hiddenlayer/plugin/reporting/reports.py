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
from _pytest.outcomes import OutcomeException

from ...identifiers import controlled
from ...terminal_escape import visible
from ..collect import case_of
from ..controls import CONTROLS, controls_of
from ..outcomes import NEWLY_CORRECT, mark_newly_correct
from ..state import RECORDS, STATE, State, running_session, state_of
from ..xdist.hosts.channels import HOST
from ..xdist.workers import LOST, take_cells
from .safe_reports import make_safe

SENT = pytest.StashKey[bool]()
"""On a worker's config: its first report has carried the cells of the run to the controller."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put an item's records on its report, and turn a newly right answer into an xpass."""
    is_eval = case_of(item) is not None
    if is_eval and call.excinfo is not None and isinstance(call.excinfo.value, OutcomeException):
        call.excinfo.value.msg = visible(str(call.excinfo.value.msg))
    report = yield
    if is_eval:
        make_safe(report, item.config)
        attach_records(item, report)
    return report


def attach_records(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put an item's records on its report; after the last phase the item keeps none."""
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


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Escape what an error quotes from a task file: in a session with evals, every error of collection."""
    report = yield
    if collector.config.stash.get(STATE, None) is not None:
        make_safe(report, collector.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config, report: Any) -> Generator[None, Any, Any]:
    """Records as plain JSON values; from an xdist worker as one text: its channel is slow with nested values."""
    values = yield
    if values is not None and "hl_records" in values:
        records = [record.to_json() for record in report.hl_records]
        values["hl_records"] = json.dumps(records) if hasattr(config, "workerinput") else records
    if (
        values is not None
        and (cells := getattr(config, "workeroutput", {}).get("hl_cells"))
        and SENT not in config.stash
    ):
        config.stash[SENT] = True
        values["hl_cells"] = cells
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
        if hasattr(report, "hl_cells"):
            self._expect_gates(report.hl_cells)
            del report.hl_cells
        if getattr(report, "hl_eval", False):
            if HOST in getattr(getattr(report, "node", None), "workerinput", ()):
                mark_newly_correct(report, self.config)
            self._keep(report)
        elif isinstance(report.longrepr, str) and self._is_gate(report.nodeid):
            report.longrepr = visible(report.longrepr)
        yield
        if report.when == "teardown" and (carrying := self._carrying.pop(report.nodeid, None)) is not None:
            del carrying.hl_records

    def _expect_gates(self, cells: str) -> None:
        """Take the cells from a worker, and count their gates among the items, for the progress in per cent."""
        session = state_of(self.config).session
        if not session.configs:
            take_cells(session, cells)
            if (pytest_session := running_session(self.config)) is not None:
                pytest_session.testscollected += sum(cell.gate_id is not None for cell in session.configs.values())

    def _is_gate(self, node_id: str) -> bool:
        state = self.config.stash.get(STATE, None)
        return state is not None and any(cell.gate_id == node_id for cell in state.session.configs.values())

    def _keep(self, report: pytest.TestReport) -> None:
        from ...results.log.lean_records import without_texts

        state = self.config.stash[STATE]
        records = getattr(report, "hl_records", ())
        if records:
            if self.config.pluginmanager.has_plugin("dsession"):  # in one process, the session counts them itself
                state.session.progress.add(record for record in records if controlled(record.label) is None)
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


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Fail a session in which every eval item was skipped, or a file that the user wants could not be written.

    A report that cannot be written does not hide the terminal's summary, which is printed after this.
    """
    state = session.config.stash.get(STATE, None)
    if state is None:
        return (yield)
    faults = state.session.write_faults
    if state.session.worker:
        if faults.lost_records:
            session.config.workeroutput[LOST] = [faults.lost_records, faults.reason]  # type: ignore[attr-defined]
        return (yield)
    try:
        yield
    except OSError as error:
        _note_report(session.config, state, error)
    # After the others: syrupy combines its exit status with the one it was called with. Workers ran no item if only
    # gates are selected.
    nothing_failed = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if nothing_failed and (state.only_skips or faults.failing):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _note_report(config: pytest.Config, state: State, error: OSError) -> None:
    """Note a report that was not written, of pytest-html or as JUnit XML."""
    junit, html = (getattr(config.option, name, None) for name in ("xmlpath", "htmlpath"))
    state.session.write_faults.add("the report", error.filename or junit or html, error, asked_for=True)
