"""The page of a run, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_run, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


def test_the_page_starts_and_names_the_run(tmp_path: Path):
    """The page shows the run's name and how many records it has, without a complaint of the browser."""
    folder = run_folder(tmp_path, [record("a", 1.0), record("b", 0.0)])
    with Browser() as browser:
        open_run(browser, folder)
        assert "Evals run" in browser.text
        assert "Samples (2)" in browser.text
        wait_until(browser, "document.querySelector('nav a[aria-current]').textContent === 'Overview'")
        assert browser.complaints() == []
