"""The page of a run that goes on, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.browser import CHROMIUM, Browser
from support.live_runs import GrowingRun
from support.records import CONFIG, record
from support.report_pages import wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.report.page.bundle import load_bundle

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM),
    pytest.mark.skipif(load_bundle() is None, reason="the page was not built: run `make web`"),
]
ROWS = "document.querySelectorAll('.tabulator-row')"
CELL = replace(CONFIG, total=4, selected=("a", "b", "c", "d"), epochs=1)
SCROLL = """(() => {
  let frames = 0;  // in which the table stayed: it is drawn again after a sample was opened
  const step = () => {
    const table = document.querySelector('.tabulator-tableholder');
    frames = table?.scrollTop === 900 ? frames + 1 : 0;
    if (table && !frames) table.scrollTop = 900;
    window.scrolled = frames >= 30;
    if (!window.scrolled) requestAnimationFrame(step);
  };
  step();
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with Browser() as opened:
        yield opened


@pytest.fixture
def watched(growing, browser) -> tuple[GrowingRun, Browser]:
    """A run of four answers, of which one is there, in the browser."""
    run = growing({CELL.key: CELL}, bundle=load_bundle())
    run.add(record("a", 1.0, cost_usd=0.25))
    _open(browser, run)
    return run, browser


def _open(browser: Browser, run: GrowingRun, view: str = "") -> None:
    browser.open("about:blank")
    browser.open(run.server.address + view)
    wait_until(browser, "document.documentElement.dataset.ready === 'true'")


def _until_shown(browser: Browser, text: str, where: str = "body") -> None:
    wait_until(browser, f"document.querySelector({where!r})?.innerText.includes({text!r})")


def test_answers_appear_in_the_open_page(watched):
    """Progress, cost, and the number of samples follow the run, without reloading and without a complaint."""
    run, browser = watched
    complaints = len(browser.complaints())
    _until_shown(browser, "1 of 4 answers", ".live")
    _until_shown(browser, "Samples (1)")
    browser.evaluate("window.sameDocument = true")
    run.add(record("b", None, cost_usd=None), record("c", 0.0, cost_usd=0.5))
    _until_shown(browser, "3 of 4 answers", ".live")
    _until_shown(browser, "1 error", ".live")
    _until_shown(browser, "$0.750 and 1 record of unknown cost", ".live")
    _until_shown(browser, "Samples (3)")
    assert browser.evaluate("document.querySelector('.live progress').value / 4") == 0.75
    assert browser.evaluate("window.sameDocument") is True
    assert len(browser.complaints()) == complaints


def test_the_page_asks_its_own_server_only(watched):
    """Every request of the page goes to the address that was printed."""
    run, browser = watched
    _until_shown(browser, "1 of 4 answers", ".live")
    asked = [address for address in browser.requests() if str(run.server.server_port) in address]
    assert asked
    assert all(address.startswith(run.server.address) for address in asked)


def test_the_end_is_said_and_the_page_stays(watched):
    """After the end the page names the report, shows the gates, and still opens what it has."""
    run, browser = watched
    _until_shown(browser, "1 of 4 answers", ".live")
    run.add(record("b", 1.0), record("c", 1.0), record("d", 1.0))
    run.stop(grace_s=60, report="/runs/run/report.html")
    _until_shown(browser, "The run has ended.", ".live")
    _until_shown(browser, "The report is at /runs/run/report.html", ".live")
    _until_shown(browser, "4 of 4 answers", ".live")
    _until_shown(browser, "Samples (4)")
    assert "left" not in browser.evaluate("document.querySelector('.live ul').innerText")


def test_a_run_that_was_stopped_early_says_so(watched):
    """After Ctrl-C the page says that the run was stopped, and where its files are."""
    run, browser = watched
    run.stop(grace_s=60, complete=False)
    _until_shown(browser, "The run was stopped early.", ".live")
    _until_shown(browser, f"Its files are in {run.log.folder}", ".live")


@pytest.mark.slow
def test_a_lost_connection_is_said(watched):
    """If the server is gone without a word, the page says so, keeps what it has, and offers to try again."""
    run, browser = watched
    _until_shown(browser, "1 of 4 answers", ".live")
    run.server.shutdown()
    run.server.server_close()
    _until_shown(browser, "The run does not answer", ".live")
    _until_shown(browser, f"Its files are in {run.log.folder}", ".live")
    _until_shown(browser, "Samples (1)")
    assert browser.evaluate("document.querySelector('.live button').innerText") == "Try now"


def test_hostile_texts_are_text(growing, browser):
    """A folder, a task and an answer that look like markup are shown as they are."""
    evil = "<img src=x onerror=\"document.title='broken'\">"
    cell = replace(CELL, task=evil)
    run = growing({cell.key: cell}, bundle=load_bundle())
    run.add(record("a", 1.0, task=evil, output=evil, metadata={evil: evil}))
    _open(browser, run, "#tab=samples")
    run.stop(grace_s=60, report=f"/runs/{evil}/report.html")
    _until_shown(browser, f"/runs/{evil}/report.html", ".live")
    assert browser.evaluate("document.title") != "broken"
    assert browser.evaluate("document.querySelectorAll('img').length") == 0


def test_the_place_the_selection_and_the_pane_stay(growing, browser):
    """New rows move neither the table nor the selection, and close neither the filters nor the open sample."""
    run = growing(bundle=load_bundle())
    run.add(*(record(f"s{i}", float(i % 2), output=f"before {i}") for i in range(200)))
    _open(browser, run, "#tab=samples&f=is+outcome%0Acorrect")
    wait_until(browser, f"{ROWS}.length > 5")
    browser.evaluate(f"{ROWS}[2].querySelector('input').click()")
    browser.evaluate(f"{ROWS}[1].click()")
    _until_shown(browser, "before 3", "body")
    shown = f"[...{ROWS}].some((row) => row.innerText.includes('s21'))"
    browser.evaluate(SCROLL)
    wait_until(browser, f"window.scrolled && {shown}")
    address = browser.evaluate("location.hash")
    run.add(*(record(f"s{i}", float(i % 2)) for i in range(200, 300)))
    _until_shown(browser, "150 of 300 samples, 1 selected")
    assert browser.evaluate("document.querySelector('.tabulator-tableholder').scrollTop") == 900
    assert browser.evaluate(shown)
    assert browser.evaluate("location.hash") == address
    _until_shown(browser, "before 3", "body")


def test_a_search_looks_at_what_has_arrived(growing, browser):
    """A search finds new records as they arrive, and still works after the end."""
    run = growing(bundle=load_bundle())
    run.add(record("a", 1.0, output="a needle"), record("b", 1.0))
    _open(browser, run, "#tab=samples&q=needle")
    _until_shown(browser, "1 of 2 samples")
    run.add(record("c", 1.0, output="another NEEDLE"), record("d", 1.0))
    _until_shown(browser, "2 of 4 samples")
    run.add(record("e", 1.0, output="hay, stored at the end"))
    run.stop(grace_s=60)
    _until_shown(browser, "2 of 5 samples")
    browser.evaluate("location.hash = '#tab=samples&q=stored'")
    _until_shown(browser, "1 of 5 samples")
    wait_until(browser, f"{ROWS}.length === 1 && ({ROWS}[0].click(), true)")
    _until_shown(browser, "hay, stored at the end", "body")
