"""The samples tab in a real browser: columns, export, selection, keyboard, hostile texts, phone and print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.samples_tab import HOSTILE, RECORDS, address, click, enter, focus_open_row, show

from pytest_hiddenlayer.report.page.run_page import write_run_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the module."""
    with Browser(1400, 900) as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of five records."""
    return write_run_page(run_folder(tmp_path_factory.mktemp("runs"), RECORDS))


def test_columns_are_chosen_and_moved(browser: Browser, page: Path):
    """The list of columns hides, shows and moves columns; the address keeps them; one click restores the default."""
    show(browser, page, "&columns=sample&columns=score", n=5)
    click(browser, "Columns", ".bar-end")
    click(browser, "epoch", ".menu-panel")
    wait_until(browser, "document.querySelectorAll('.sort-title').length === 3")
    click(browser, "Move epoch to the left", ".menu-panel")
    wait_until(browser, "document.querySelectorAll('.sort-title')[1]?.textContent === 'epoch'")
    assert "columns=sample&columns=epoch&columns=score" in address(browser)
    click(browser, "sample", ".menu-panel .columns")
    wait_until(browser, "document.querySelectorAll('.sort-title').length === 2")
    click(browser, "Default columns", ".menu-panel")
    wait_until(browser, "document.querySelectorAll('.sort-title').length > 5")
    assert "columns" not in address(browser)


def test_csv_holds_the_selected_rows_and_no_formula(browser: Browser, page: Path):
    """The CSV has the selected rows with quoted cells; a cell that a spreadsheet would compute is text."""
    show(browser, page, "&columns=sample&columns=answer&columns=score&columns=output_tokens&columns=outcome", n=5)
    browser.call("Page.setDownloadBehavior", behavior="deny")
    browser.evaluate("window.make = URL.createObjectURL; 0")
    browser.evaluate("URL.createObjectURL = blob => (blob.text().then(text => window.saved = text), make(blob)); 0")
    for row in (2, 3):
        browser.evaluate(f"document.querySelectorAll('.tabulator-row .cell-select input')[{row}].click()")
    wait_until(browser, "document.body.innerText.includes('2 selected')")
    click(browser, "Export", ".bar-end")
    click(browser, "Download CSV", ".menu-panel")
    assert wait_until(browser, "window.saved") == (
        "sample,answer,score,output tokens,outcome\r\nitem-2,'=1+1,0.5,20,partial\r\nitem-1,,,,error\r\n"
    )


def test_all_shown_rows_are_exported_without_a_selection(browser: Browser, page: Path):
    """Without a selection, all shown rows are exported, also as Markdown and as JSON lines."""
    show(browser, page, "&f=is+task%0Afacts&columns=sample&columns=score", n=3)
    browser.evaluate("navigator.clipboard.writeText = async text => { window.copied = text }")
    click(browser, "Export", ".bar-end")
    click(browser, "Copy as JSON lines", ".menu-panel")
    lines = str(wait_until(browser, "window.copied")).splitlines()
    assert json.loads(lines[1]) == {"sample": "item-1", "score": None}
    assert len(lines) == 3
    click(browser, "Copy as Markdown", ".menu-panel")
    wait_until(browser, "window.copied.startsWith('| sample | score |')")
    assert "Copied 3 rows" in browser.text


def test_all_shown_rows_can_be_selected(browser: Browser, page: Path):
    """The box in the header selects all shown rows, also while a filter hides others."""
    show(browser, page, "&f=is+task%0Asums", n=2)
    browser.evaluate("document.querySelector('.select-all').click()")
    wait_until(browser, "document.body.innerText.includes('2 of 5 samples, 2 selected')")
    wait_until(browser, "document.querySelectorAll('.tabulator-row[aria-selected=true]').length === 2")


def test_shift_selects_a_range_of_rows(browser: Browser, page: Path):
    """A click on a box with Shift selects the rows from the box that was clicked before."""
    show(browser, page, "&sort=sample", n=5)
    boxes = "document.querySelectorAll('.tabulator-row .cell-select input')"
    browser.evaluate(f"{boxes}[1].click()")
    wait_until(browser, "document.body.innerText.includes('1 selected')")
    browser.evaluate(f"{boxes}[3].dispatchEvent(new MouseEvent('click', {{bubbles: true, shiftKey: true}}))")
    wait_until(browser, "document.body.innerText.includes('3 selected')")


def test_a_column_can_be_made_wider(browser: Browser, page: Path):
    """The edge of a heading can be dragged."""
    show(browser, page, n=5)
    width = "document.querySelector('[data-column=task]').closest('.tabulator-col').getBoundingClientRect()"
    right, top, before = (browser.evaluate(f"{width}.{name}") for name in ("right", "top", "width"))
    for kind, x in (("mousePressed", right), ("mouseMoved", right + 60), ("mouseReleased", right + 60)):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=top + 12, button="left", clickCount=1)
    assert browser.evaluate(f"{width}.width") > before + 40


def test_the_keyboard_moves_and_opens(browser: Browser, page: Path):
    """Arrow keys move between rows, Enter opens the sample; with one open, they step through samples."""
    show(browser, page, "&sort=sample", n=5)
    browser.evaluate("document.querySelector('.tabulator-row').focus()")
    focused = "document.activeElement.querySelector('.sample-link')?.textContent"
    browser.press("ArrowDown")
    wait_until(browser, f"{focused} === 'item-2'")
    browser.press("Enter")
    wait_until(browser, "location.hash.includes('sample=')")
    wait_until(browser, "document.querySelector('.tabulator-row.current .sample-link')?.textContent === 'item-2'")
    focus_open_row(browser)
    browser.press("ArrowDown")
    wait_until(browser, "document.querySelector('.tabulator-row.current .sample-link')?.textContent === 'item-3'")
    assert "item-3" in address(browser)


def test_a_click_opens_the_sample(browser: Browser, page: Path):
    """A click on a row opens its sample and marks the row; a click on its box does not."""
    show(browser, page, n=5)
    browser.evaluate("document.querySelectorAll('.cell-select input')[2].click()")
    wait_until(browser, "document.body.innerText.includes('1 selected')")
    assert "sample=" not in address(browser)
    browser.evaluate("document.querySelectorAll('.tabulator-row')[3].querySelector('.cell-category').click()")
    wait_until(browser, "document.querySelector('.tabulator-row.current .sample-link')?.textContent === 'item-1'")
    assert "item-1" in address(browser)


def test_hostile_texts_are_only_text(browser: Browser, page: Path):
    """Names and values that look like markup are shown as text in headings, cells, filters and chips."""
    view = f"&f=contains+metadata:{HOSTILE}%0A<img&columns=sample&columns=metadata:{HOSTILE}&columns=score:{HOSTILE}"
    show(browser, page, view.replace("'", "%27").replace('"', "%22").replace("=x", "%3Dx").replace('="', '%3D"'), n=1)
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    assert HOSTILE in browser.evaluate("document.querySelector('.tabulator-header').textContent")
    assert HOSTILE in browser.evaluate("document.querySelector('.tabulator-row').textContent")
    click(browser, "Columns", ".bar-end")
    wait_until(browser, "!!document.querySelector('.menu-panel')")
    assert browser.evaluate("document.title") != "ran"
    assert browser.complaints() == []


def test_cards_at_phone_width(browser: Browser, page: Path):
    """On a phone each sample is a card that fits the width."""
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=False)
    try:
        show(browser, page, n=5)
        wait_until(browser, "document.querySelectorAll('.sample-card').length === 5")
        assert "target Lima" in browser.text
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_print_shows_the_rows_and_columns(browser: Browser, page: Path):
    """What is printed is a plain table of the shown rows and columns."""
    show(browser, page, "&f=is+task%0Afacts&columns=sample&columns=answer", n=3)
    browser.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert browser.evaluate("document.querySelector('.printed caption').textContent") == "3 of 5 samples"
    assert browser.evaluate("document.querySelectorAll('.printed tbody tr').length") == 3
    browser.evaluate("dispatchEvent(new Event('afterprint'))")
    wait_until(browser, "!document.querySelector('.printed')")


def test_a_damaged_part_of_the_page_is_said(browser: Browser, page: Path, tmp_path: Path):
    """A search says how many samples it could not look at, and the table shows all of them."""
    damaged = tmp_path / "damaged.html"
    text = page.read_text(encoding="utf-8")
    start = text.index('id="hl-search-0">') + len('id="hl-search-0">')
    damaged.write_text(text[:start] + "eJw" + text[start + 40 :], encoding="utf-8")
    show(browser, damaged, n=5)
    enter(browser, ".search input", "name")
    wait_until(browser, "document.body.innerText.includes('0 of 5 found; the texts of 5 cannot be read')")


def test_a_run_without_samples_says_so(browser: Browser, tmp_path: Path):
    """A run of zero records has no table, and says that it has no samples."""
    show(browser, write_run_page(run_folder(tmp_path, [])))
    assert "This run has no samples." in browser.text


def test_only_rows_on_the_screen_are_drawn(browser: Browser, tmp_path: Path):
    """Of 2000 rows the page draws what fits the window, and End goes to the last one."""
    many = [record(f"s{i}", float(i % 2)) for i in range(2000)]
    show(browser, write_run_page(run_folder(tmp_path, many)))
    wait_until(browser, "document.querySelectorAll('.tabulator-row').length > 5")
    assert browser.evaluate("document.querySelectorAll('.tabulator-row').length") < 200
    browser.evaluate("document.querySelector('.tabulator-row').focus()")
    browser.press("End")
    wait_until(browser, "document.activeElement.querySelector('.sample-link')?.textContent === 's1999'")
    assert browser.evaluate("document.activeElement.getAttribute('aria-rowindex')") == "2001"
