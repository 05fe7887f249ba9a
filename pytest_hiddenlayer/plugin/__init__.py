"""The pytest face: the only place that knows pytest.

options    what the user asked for            state      what one session knows
given      what the command line says, and no ini file
collect    task files → items and gates       marker     @pytest.mark.task
fixtures   sample, strategy, provider, ...    outcomes   a record in pytest's words
ahead      answers before their items' turn   workers    xdist's two sides
running    before the first item, after the last   gates   figures, snapshots, gate reports
equal_budget   strategies against their own model, asked as often
adaptive   epochs that need not be asked      baselines  what a cell is compared with
reporting  records on reports                 terminal, html   what people read
notices    sentences while items wait         scheduling       all items to workers at once
"""

from __future__ import annotations

import pytest

from .adaptive import pytest_runtest_setup
from .collect import pytest_collect_file
from .fixtures import evaluate, hl_case, judge, provider, sample, strategy
from .marker import SIGNATURE, pytest_generate_tests
from .options import asked_for, check_options, pytest_addoption, pytest_load_initial_conftests
from .prefetch import pytest_runtest_protocol
from .reports import (
    RecordCollector,
    pytest_report_from_serializable,
    pytest_report_to_serializable,
    pytest_runtest_makereport,
    pytest_sessionfinish,
)
from .session import pytest_collection_finish, pytest_runtestloop, pytest_unconfigure
from .terminal import pytest_terminal_summary


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the hooks that only one kind of process needs."""
    from .gates import extend_last_failed
    from .html import HtmlReport
    from .xdist import Workers

    config.addinivalue_line("markers", SIGNATURE)
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(RecordCollector(config), "hiddenlayer-gathering")
    if config.pluginmanager.has_plugin("html"):
        config.pluginmanager.register(HtmlReport(config), "hiddenlayer-html")
    if config.pluginmanager.has_plugin("dsession") or config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(Workers(config), "hiddenlayer-workers")
    extend_last_failed(config)
    if asked_for(config):
        check_options(config)


__all__ = [
    "evaluate",
    "hl_case",
    "judge",
    "provider",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection_finish",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_load_initial_conftests",
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
