"""The pytest plugin: the only package that imports pytest. It holds the hooks; `session` does the work.

options           options and ini keys, from the table
root_folder       pytest's root, where an option's value is a path
typed_options     what the user typed, as opposed to an ini file
state             what one pytest session keeps
collect           task files → items and gates
marker            @pytest.mark.task
fixtures          sample, strategy, provider, judge, evaluate
outcomes          a record → the outcome of its item
prefetch          answers, requested before their items run
early_stopping    epochs that are skipped
session           before the first item, after the last one
gates             gate reports, --lf
controls          control samples on items
shards            items of other shards
syrupy_extension  snapshots written through syrupy
quiet_items/      items that run no user code, at a low cost
reporting/        reports, terminal, HTML, messages
xdist/            controller and workers
"""

from __future__ import annotations

import pytest

from .collect import pytest_collect_file
from .early_stopping import pytest_runtest_setup
from .fixtures import evaluate, hl_case, judge, provider, sample, strategy
from .marker import SIGNATURE, pytest_generate_tests
from .options import any_typed, pytest_addoption, pytest_load_initial_conftests
from .prefetch import pytest_runtest_protocol
from .reporting.reports import (
    RecordCollector,
    pytest_make_collect_report,
    pytest_report_from_serializable,
    pytest_report_to_serializable,
    pytest_runtest_makereport,
    pytest_sessionfinish,
)
from .reporting.terminal import pytest_terminal_summary
from .session import pytest_collection, pytest_collection_finish, pytest_runtestloop, pytest_unconfigure
from .shards import pytest_collection_modifyitems
from .state import check_options


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the hooks that only one kind of process needs."""
    from .gates import extend_last_failed
    from .quiet_items.hooks import REPORTS
    from .quiet_items.reports import PassedReports
    from .reporting.equal_errors import EqualErrors
    from .reporting.live_line import LiveLine
    from .reporting.live_report import LiveReportPlugin
    from .reporting.messages import LIVE_LINE
    from .reporting.safe_reports import SafeMessages
    from .xdist.hosts.channels import attach
    from .xdist.hosts.hooks import distribute
    from .xdist.workers import WORKERS, Workers

    config.addinivalue_line("markers", SIGNATURE)
    config.pluginmanager.register(PassedReports(), REPORTS)
    if hasattr(config, "workerinput"):
        attach(config)
        return
    config.pluginmanager.register(RecordCollector(config), "hiddenlayer-records")
    config.pluginmanager.register(EqualErrors(), "hiddenlayer-equal-errors")
    config.pluginmanager.register(SafeMessages(config), "hiddenlayer-safe-messages")
    if getattr(config.option, "htmlpath", None):  # of pytest-html
        from .reporting.html import HtmlReport

        config.pluginmanager.register(HtmlReport(config), "hiddenlayer-html")
    if config.pluginmanager.has_plugin("dsession") or config.pluginmanager.has_plugin("xdist"):
        distribute(config)
        config.pluginmanager.register(Workers(config), WORKERS)
    config.pluginmanager.register(LiveLine(config), LIVE_LINE)
    config.pluginmanager.register(LiveReportPlugin(), "hiddenlayer-live-report")
    extend_last_failed(config)
    if any_typed(config):
        check_options(config)


__all__ = [
    "evaluate",
    "hl_case",
    "judge",
    "provider",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_load_initial_conftests",
    "pytest_make_collect_report",
    "pytest_report_from_serializable",
    "pytest_report_to_serializable",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtestloop",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_unconfigure",
    "sample",
    "strategy",
]
