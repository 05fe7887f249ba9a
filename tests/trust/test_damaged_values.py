"""Runs whose files hold values of other types: their page is written, opens, and says what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.browser import CHROMIUM, Browser
from support.mutations import mutations
from support.report_pages import open_page, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.trust_runs import rich_run

from pytest_hiddenlayer.report.page.bundle import load_bundle
from pytest_hiddenlayer.report.page.run_page import write_run_page

needs_page = pytest.mark.skipif(
    CHROMIUM is None or load_bundle() is None, reason=f"{NEEDS_CHROMIUM}, and the page's program: `make web`"
)
FILES = ("summary.json", "changes.json", "run.json", "records.jsonl")
WRITE_S = 20  # far more than a page of 14 records takes
TABS = {"overview": "main h2", "samples": ".samples, .no-samples", "changes": "main h2, main p", "run": ".run-tab"}
KEY = quote("\t".join(["run", "t", "single", "scripted", "m", "s0", "1"]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rich_run(tmp_path)


def damaged(folder: Path, name: str, n: int) -> Iterator[str]:
    """Damage a file of a run n times, each time in another way; yields what was damaged. Of a log, its first line."""
    path = folder / name
    whole = path.read_text(encoding="utf-8")
    first, rest = whole.split("\n", 1) if name.endswith(".jsonl") else (whole, "")
    for what, mutation in mutations(json.loads(first), n, seed=1):
        path.write_text(f"{mutation}\n{rest}", encoding="utf-8")
        yield f"{name}: {what}"
    path.write_text(whole, encoding="utf-8")


def written(folder: Path, what: str) -> Path:
    """The page of a damaged run, which takes no long time."""
    start = time.process_time()
    try:
        page = write_run_page(folder)
    except Exception as error:
        raise AssertionError(what) from error
    assert time.process_time() - start < WRITE_S, what
    return page


def looked_at(browser: Browser, page: Path, what: str) -> None:
    """Open a page, each of its tabs, and a sample: no part of it fails."""
    open_page(browser, page)
    for tab, place in TABS.items():
        browser.evaluate(f"location.hash = '#tab={tab}{f'&sample={KEY}' if tab == 'samples' else ''}'")
        wait_until(browser, f"document.title.toLowerCase().startsWith({tab!r})")
        wait_until(browser, f"!!document.querySelector({place!r})")
    alerts = browser.evaluate("[...document.querySelectorAll('[role=alert]')].map(e => e.textContent)")
    assert alerts == [], what


@pytest.mark.parametrize("name", FILES)
def test_the_page_of_a_damaged_run_is_written(folder: Path, name: str):
    """Whatever type a value of a run's files has, the page is written in bounded time."""
    for what in damaged(folder, name, 40):
        written(folder, what)


@needs_page
@pytest.mark.parametrize("name", FILES)
def test_the_page_of_a_damaged_run_opens(browser: Browser, folder: Path, name: str):
    """Every tab of such a page opens, without an error in the browser's console."""
    check_pages(browser, folder, name, 3)


@needs_page
@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_pages_of_many_damaged_runs_open(browser: Browser, folder: Path, name: str):
    """So do the pages of 500 damaged runs."""
    check_pages(browser, folder, name, 125)


def check_pages(browser: Browser, folder: Path, name: str, n: int) -> None:
    for what in damaged(folder, name, n):
        complaints, errors = len(browser.complaints()), len(browser.errors())
        looked_at(browser, written(folder, what), what)
        assert browser.complaints()[complaints:] + browser.errors()[errors:] == [], what


def test_a_page_replaces_a_symbolic_link(folder: Path, tmp_path: Path):
    """If the page's path is a symbolic link, the link is replaced; the file that it points to stays as it is."""
    secret = tmp_path / "secret.txt"
    secret.write_text("keep me", encoding="utf-8")
    (folder / "report.html").symlink_to(secret)
    page = write_run_page(folder)
    assert not page.is_symlink()
    assert secret.read_text(encoding="utf-8") == "keep me"


@pytest.mark.parametrize("depth", [50, 99, 150, 600, 5000])
def test_a_record_that_is_nested_deeply_is_shown_or_named(folder: Path, depth: int):
    """A value of any depth in a record's metadata is in the page, or its line is named with the reason."""
    log = folder / "records.jsonl"
    first, rest = log.read_text(encoding="utf-8").split("\n", 1)
    deep = f"{'[' * depth}{']' * depth}"
    log.write_text(first.replace('"metadata": {', f'"metadata": {{"deep": {deep}, ') + "\n" + rest, encoding="utf-8")
    assert deep in log.read_text(encoding="utf-8")
    page = written(folder, f"depth {depth}").read_text(encoding="utf-8")
    assert ("records.jsonl:1: nested too deeply" in page) == (depth > 99)


def test_what_is_left_out_is_named(folder: Path):
    """A value of another type in the summary is named by its place; the cell's other figures are shown."""
    path = folder / "summary.json"
    cells = json.loads(path.read_text(encoding="utf-8"))
    cells[0] |= {"ci95": "wide", "comparison": [1], "outcomes": {"correct": "many", "incorrect": 5}}
    path.write_text(json.dumps(cells), encoding="utf-8")
    page = write_run_page(folder).read_text(encoding="utf-8")
    assert "they are left out: 0/ci95, 0/outcomes/correct, 0/comparison." in page
    assert "5 incorrect" in page
    assert "0.583" in page
