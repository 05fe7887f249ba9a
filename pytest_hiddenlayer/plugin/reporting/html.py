"""The HTML report, through pytest-html: columns, folded transcripts, a summary, everything escaped."""

from __future__ import annotations

import html
from contextlib import suppress
from typing import Any

import pytest

from ..state import STATE, State, running_session

COLUMNS = ("score", "cost", "tokens", "latency")


class HtmlReport:
    """Hooks of pytest-html, and the default report in the run's folder."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def _state(self) -> State | None:
        return self.config.stash.get(STATE, None)

    def _open_report(self, session: pytest.Session | None) -> None:
        """Open a report in the run's folder, unless the user asked for one elsewhere."""
        state = self._state()
        plugin = self.config.pluginmanager.get_plugin("html")
        if state is None or plugin is None or state.html is not None or self.config.option.collectonly:
            return
        if self.config.getoption("htmlpath", None):
            state.html = False
            return
        _allow_missing_metadata(self.config)
        from pytest_html import plugin as pytest_html_plugin
        from pytest_html.basereport import BaseReport

        self.config.option.htmlpath = str(state.session.run_log.folder / "report.html")
        self.config.option.self_contained_html = True
        state.session.run_log.open()
        pytest_html_plugin.pytest_configure(self.config)
        plugins = self.config.pluginmanager.get_plugins()
        state.html = next(p for p in plugins if isinstance(p, BaseReport))
        if session is not None:
            state.html.pytest_sessionstart(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Open the report with the first eval item; pytest-html sees the reports that follow."""
        state = self._state()
        if state is None or state.html is not None or not getattr(report, "hl_eval", False):
            return
        try:
            self._open_report(running_session(self.config))
        except OSError as error:  # the report is not what the user waits for
            state.session.write_faults.add("the HTML report in", state.session.run_log.folder, error, asked_for=False)
            give_up_report(self.config, state)
        if state.html:
            state.html.pytest_runtest_logreport(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Four columns after the test's name."""
        cells[2:2] = [f'<th class="sortable" data-column-type="{name}">{name.title()}</th>' for name in COLUMNS]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """The item's metrics. The name is escaped here, because pytest-html does not."""
        if len(cells) < 2:
            return
        name = str(report.nodeid) + ("" if report.when in ("call", "collect") else f"::{report.when}")
        cells[1] = f'<td class="col-testId">{html.escape(name)}</td>'
        values = dict(report.user_properties) if hasattr(report, "user_properties") else {}
        score, cost, latency = (str(values.get(f"hl.{name}", "")) for name in ("score", "cost_usd", "latency_s"))
        texts = ((score, score), (cost, cost), (_tokens(values), _total(values)), (latency, latency))
        cells[2:2] = [
            f'<td class="col-{column}">{_sort_key(number)}{html.escape(text)}</td>'
            for column, (text, number) in zip(COLUMNS, texts, strict=True)
        ]

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """The transcript, folded, above what pytest-html shows."""
        from ...identifiers import controlled
        from ...session.interruption import uninterrupted

        with uninterrupted():
            from ...report.html import record_html

        if data and report.skipped and isinstance(report.longrepr, tuple):  # pytest-html shows the tuple
            data[0] = f"{html.escape(str(report.longrepr[2]))}\n"
        records = [record for record in getattr(report, "hl_records", ()) if controlled(record.label) is None]
        if records and data == ["No log output captured."]:
            data.clear()
        for record in reversed(records):
            data.insert(0, record_html(record.to_json()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """The table of cells above the items, and the page's style."""
        state = self._state()
        if state is not None and state.session.metrics:
            from ...report.budget_match_html import html as budget_match_html
            from ...report.html import cells_html, style_html

            session = state.session
            prefix.append(style_html())
            prefix.append(cells_html(session.metrics, session.gates))
            prefix.append("" if session.findings is None else budget_match_html(session.findings))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the run instead of the file."""
        state = self._state()
        if state is not None:
            report.title = f"Evals {state.session.run_id}"


def _sort_key(number: str) -> str:
    """An element without text that sorts as the number does: pytest-html sorts a column by its HTML, as text.

    What is not a number, such as an unknown cost, comes before all numbers.
    """
    try:
        key = f"{float(number):024.9f}"
    except ValueError:
        key = ""
    return f'<i data-sort="{key}"></i>'


def _total(values: dict[str, str]) -> str:
    """The sum of both tokens; empty if one is unknown."""
    counts = [str(values.get(f"hl.{name}", "")) for name in ("input_tokens", "output_tokens")]
    return str(sum(map(int, counts))) if all(count.isdigit() for count in counts) else ""


def _allow_missing_metadata(config: pytest.Config) -> None:
    """Under `-p no:metadata` pytest-html fails at the end, because what it shows as environment is not set."""
    from pytest_metadata.plugin import metadata_key

    config.stash.setdefault(metadata_key, {})


def give_up_report(config: pytest.Config, state: State) -> None:
    """Remove the report of the run's folder, so that pytest-html neither writes nor announces one."""
    from pytest_html.basereport import BaseReport

    manager = config.pluginmanager
    for plugin in [plugin for plugin in manager.get_plugins() if isinstance(plugin, BaseReport)]:
        manager.unregister(plugin)
    config.option.htmlpath = None
    state.html = False
    with suppress(OSError):
        (state.session.run_log.folder / "report.html").unlink(missing_ok=True)


def _tokens(values: dict[str, str]) -> str:
    if "hl.input_tokens" not in values:
        return ""
    return f"{values['hl.input_tokens']} in, {values['hl.output_tokens']} out"
