"""Run folders made of given records, and their pages in a browser."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.results.cell_config import CellConfig
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.log.summary import summary
from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records
from pytest_hiddenlayer.types import Record

from .browser import Browser

SECONDS = 20


def run_folder(
    root: Path, records: Sequence[Record], gates: Mapping[Any, Any] | None = None, name: str = "run"
) -> Path:
    """The folder of a run that holds these records, with manifest and summary."""
    log = RunLog(root, name, ["pytest", "evals"])
    log.append_all(records)
    log.write_summary(
        summary([compute_metrics(_config(cell), cell) for cell in by_cell(records).values()], gates or {})
    )
    log.close()
    return log.folder


def _config(records: Sequence[Record]) -> CellConfig:
    return config_from_records(records)


def open_page(browser: Browser, path: Path, view: str = "") -> None:
    """Open a page and wait until it is interactive; `view` is the hash of its address."""
    browser.open("about:blank")
    browser.open(path.as_uri() + view)
    wait_until(browser, "document.documentElement.dataset.ready")


def open_run(browser: Browser, folder: Path, view: str = "") -> None:
    """Write the page of a run and open it."""
    open_page(browser, write_run_page(folder), view)


def wait_until(browser: Browser, expression: str) -> Any:
    """Wait until an expression in the page is true, and return its value. Fails after 20 seconds."""
    end = time.monotonic() + SECONDS
    while not (value := browser.evaluate(expression)):
        assert time.monotonic() < end, f"never true in the page: {expression}; it shows: {browser.text[:2000]}"
    return value
