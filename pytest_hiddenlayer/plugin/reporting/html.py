"""What `pytest --html FILE` shows of evals: columns, folded transcripts, a summary, everything escaped.

pytest-html writes that file. The report of the run is another one, which `report/page` writes.
"""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

import pytest

from ..state import STATE, State

COLUMNS = ("score", "cost", "tokens", "latency")


class HtmlReport:
    """Hooks of pytest-html."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def _state(self) -> State | None:
        return self.config.stash.get(STATE, None)

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
        """The page's style, a link to the report of the run, and the table of cells above the items."""
        state = self._state()
        if state is not None and state.session.metrics:
            from ...report.budget_match_html import html as budget_match_html
            from ...report.html import cells_html, run_link_html, style_html

            session = state.session
            prefix.append(style_html())
            if (page := session.run_log.folder / "report.html").is_file():
                prefix.append(run_link_html(page, self._folder()))
            prefix.append(cells_html(session.metrics, session.gates))
            prefix.append("" if session.findings is None else budget_match_html(session.findings))

    def _folder(self) -> Path:
        """The folder of the file that pytest-html writes; it expands the path in the same way."""
        path = Path(os.path.expandvars(self.config.getoption("htmlpath"))).expanduser()
        return (Path.cwd() / path).parent

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


def _tokens(values: dict[str, str]) -> str:
    if "hl.input_tokens" not in values:
        return ""
    return f"{values['hl.input_tokens']} in, {values['hl.output_tokens']} out"
