"""The samples tab of the page: table, sorting, filters, search, columns, export and keyboard, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.types import Record

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)

HOSTILE = "<img src=x onerror=\"document.title='ran'\">"


def made(name: str, value: float | None, task: str, **changes: Any) -> Record:
    """A record with a longer text and its own usage."""
    tokens = changes.pop("tokens", 5)
    one = record(name, value, task=task, **changes)
    return replace(one, usage={**one.usage, "output_tokens": tokens})


RECORDS = [
    made("item-10", 1.0, "sums", input="What is 4 + 4?", target="8", answer="8", output="So it is 8.", tokens=9),
    made(
        "item-9", 0.0, "sums", input="What is 5 + 5?", target="10", answer="11", output="Eleven, surely.", tokens=100
    ),
    made(
        "item-2", 0.5, "facts", input="Name the capital.", target="Lima", answer="=1+1", output='a "b", c', tokens=20
    ),
    made("item-1", None, "facts", input="Name the river.", answer=None, output=None, tokens=None, error="timeout"),
    made(
        "item-3", 1.0, "facts", input="Name the capital of Peru.", target="Lima", answer="Lima", output="It is Lima."
    ),
]
RECORDS[0] = replace(RECORDS[0], metadata={"level": "easy", HOSTILE: HOSTILE})
RECORDS[1] = replace(
    RECORDS[1],
    metadata={"level": "hard"},
    scores={**RECORDS[1].scores, HOSTILE: {"value": 0.25, "answer": "", "explanation": ""}},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the module."""
    with Browser(1400, 900) as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of five records."""
    return write_run_page(run_folder(tmp_path_factory.mktemp("runs"), RECORDS))


def show(browser: Browser, page: Path, view: str = "", n: int | None = None) -> None:
    """Open the samples tab, and wait until it has `n` rows."""
    open_page(browser, page, f"#tab=samples{view}")
    wait_until(browser, "!!document.querySelector('.samples, .no-samples')")
    if n is not None:
        has_rows(browser, n)


def has_rows(browser: Browser, n: int) -> None:
    """Wait until the table has `n` rows."""
    wait_until(browser, f"document.querySelectorAll('.tabulator-row').length === {n}")


def samples(browser: Browser) -> list[str]:
    """The samples that the table shows, from top to bottom."""
    script = "[...document.querySelectorAll('.tabulator-row .sample-link')].map(link => link.textContent)"
    return list(browser.evaluate(script))


def shows(browser: Browser, *names: str) -> None:
    """Wait until the table shows these samples in this order."""
    script = "JSON.stringify([...document.querySelectorAll('.tabulator-row .sample-link')].map(a => a.textContent))"
    wait_until(browser, f"{script} === {json.dumps(json.dumps(list(names), separators=(',', ':')))}")


def click(browser: Browser, text: str, within: str = ".samples", shift: bool = False) -> None:
    """Click the button, link or label that begins with a text."""
    find = f"[...document.querySelectorAll({json.dumps(within)} + ' :is(button, a, label)')]"
    script = (
        f"{find}.find(e => e.innerText.trim().startsWith({json.dumps(text)}) || e.ariaLabel === {json.dumps(text)})"
    )
    wait_until(browser, f"!!{script}")
    options = f"{{bubbles: true, cancelable: true, shiftKey: {json.dumps(shift)}}}"
    browser.evaluate(f"{script}.dispatchEvent(new MouseEvent('click', {options}))")


def address(browser: Browser) -> str:
    """The hash of the page's address, decoded."""
    return str(browser.evaluate("decodeURIComponent(location.hash.replaceAll('+', ' '))"))


def enter(browser: Browser, selector: str, text: str, event: str = "input") -> None:
    """Put a text into a field, as typing does."""
    change = f"field.value = {json.dumps(text)}; field.dispatchEvent(new Event('{event}', {{bubbles: true}}))"
    browser.evaluate(f"(field => {{ {change} }})(document.querySelector({json.dumps(selector)}))")


def headings(browser: Browser) -> list[str]:
    """Titles of the columns."""
    return list(browser.evaluate("[...document.querySelectorAll('.sort-title')].map(e => e.textContent)"))


def focus_open_row(browser: Browser) -> None:
    """Focus the row of the open sample, once the table is laid out for the room that the pane leaves."""
    width = "document.querySelector('.samples').clientWidth"
    look = f"({width} < 560 ? 'cards' : {width} < 820 ? 'columns' : 'frozen')"
    row = f"document.querySelector('.table-place.' + {look} + ' .current')"
    wait_until(browser, f"(row => row && (row.focus(), document.activeElement === row))({row})")


def test_one_row_per_record(browser: Browser, page: Path):
    """The table has a row per record, with the outcome as a word, and unknown numbers as `?`."""
    show(browser, page, n=5)
    shows(browser, "item-10", "item-9", "item-2", "item-1", "item-3")
    text = browser.evaluate("document.querySelectorAll('.tabulator-row')[3].innerText")
    assert "error" in text
    assert "facts" in text
    assert "?" in text
    assert "5 of 5 samples" in browser.text
    assert browser.complaints() == []


def test_columns_that_tell_rows_apart_are_shown(browser: Browser, page: Path):
    """Columns with a single value, such as the model, are not shown unless they are chosen."""
    show(browser, page, n=5)
    assert headings(browser)[:4] == ["outcome", "sample", "score", f"score:{HOSTILE}"]
    assert not {"model", "strategy", "run", "cost, $"} & set(headings(browser))


def test_a_heading_sorts_numerically_with_unknown_last(browser: Browser, page: Path):
    """A click on a heading sorts ascending, the next one descending; unknown is last in both; then as recorded."""
    show(browser, page, n=5)
    click(browser, "output tokens", ".tabulator-header")
    shows(browser, "item-3", "item-10", "item-2", "item-9", "item-1")
    assert "sort=output_tokens" in address(browser)
    click(browser, "output tokens", ".tabulator-header")
    shows(browser, "item-9", "item-2", "item-10", "item-3", "item-1")
    assert browser.evaluate("document.querySelectorAll('[aria-sort=descending]').length") == 1
    click(browser, "output tokens", ".tabulator-header")
    shows(browser, "item-10", "item-9", "item-2", "item-1", "item-3")


def test_texts_sort_in_natural_order(browser: Browser, page: Path):
    """`item-9` comes before `item-10`."""
    show(browser, page, "&sort=sample", n=5)
    shows(browser, "item-1", "item-2", "item-3", "item-9", "item-10")


def test_shift_sorts_by_a_further_column(browser: Browser, page: Path):
    """A click with Shift sorts rows that are equal in the first column by a second one."""
    show(browser, page, n=5)
    click(browser, "task", ".tabulator-header")
    wait_until(browser, "!!document.querySelector('[aria-sort=ascending]')")
    click(browser, "sample", ".tabulator-header", shift=True)
    shows(browser, "item-1", "item-2", "item-3", "item-9", "item-10")
    wait_until(browser, "location.hash.includes('sort=task&sort=sample')")


def test_a_facet_filters_by_several_values(browser: Browser, page: Path):
    """Checked values of one column are alternatives; each has its count; a chip removes it; Reset shows all."""
    show(browser, page, n=5)
    click(browser, "outcome", ".filter-menus")
    assert "correct\n2" in browser.evaluate("document.querySelector('.menu-panel').innerText")
    click(browser, "correct", ".menu-panel")
    shows(browser, "item-10", "item-3")
    click(browser, "error", ".menu-panel")
    shows(browser, "item-10", "item-1", "item-3")
    assert "3 of 5 samples" in browser.text
    click(browser, "Remove the filter outcome: correct", ".chips")
    shows(browser, "item-1")
    click(browser, "Reset", ".shown")
    has_rows(browser, 5)
    assert address(browser) == "#tab=samples"


def test_counts_of_a_facet_follow_the_other_filters(browser: Browser, page: Path):
    """A facet counts what the filters on other columns leave."""
    show(browser, page, "&f=is+task%0Asums", n=2)
    click(browser, "outcome", ".filter-menus")
    text = wait_until(browser, "document.querySelector('.menu-panel').innerText")
    assert "correct\n1" in text
    assert "error\n0" in text


def test_numbers_are_filtered_by_range(browser: Browser, page: Path):
    """A number column offers a lowest and a highest value; unknown values are kept only if asked for."""
    show(browser, page, n=5)
    click(browser, "More filters", ".filter-menus")
    click(browser, "output tokens", ".menu-panel")
    wait_until(browser, "!!document.querySelector('.range input')")
    assert "from 5 to 100" in browser.text
    enter(browser, ".range input", "9", "change")
    shows(browser, "item-10", "item-9", "item-2")
    enter(browser, ".range label:nth-child(2) input", "50", "change")
    shows(browser, "item-10", "item-2")
    click(browser, "unknown", ".menu-panel")
    shows(browser, "item-10", "item-2", "item-1")


def test_escape_closes_a_menu_and_gives_the_focus_back(browser: Browser, page: Path):
    """Escape closes the panel of a filter; the focus is on its button, or where another one can be added."""
    show(browser, page, n=5)
    focused = "document.activeElement.innerText"
    click(browser, "outcome", ".filter-menus")
    wait_until(browser, "document.activeElement.type === 'checkbox'")
    browser.press("Escape")
    wait_until(browser, f"{focused}.startsWith('outcome')")
    click(browser, "More filters", ".filter-menus")
    click(browser, "input", ".menu-panel")
    wait_until(browser, "document.activeElement.matches('.contains input')")
    browser.press("Escape")
    wait_until(browser, f"{focused}.startsWith('More filters')")


def test_texts_are_filtered_by_what_they_contain(browser: Browser, page: Path):
    """A text column is filtered by a text that it contains, whatever its case."""
    show(browser, page, "&f=contains+input%0ACAPITAL", n=2)
    shows(browser, "item-2", "item-3")
    assert "input contains “CAPITAL”" in browser.text


def test_presets_show_wrong_and_unscored_samples(browser: Browser, page: Path):
    """One click shows wrong samples, or those without a score; filters on other columns stay."""
    show(browser, page, n=5)
    click(browser, "Wrong 2", ".presets")
    shows(browser, "item-9", "item-2")
    click(browser, "Errors and unscored 1", ".presets")
    shows(browser, "item-1")
    click(browser, "task", ".filter-menus")
    click(browser, "facts", ".menu-panel")
    click(browser, "All 3", ".presets")
    shows(browser, "item-2", "item-1", "item-3")


def test_metadata_filters_and_a_missing_column(browser: Browser, page: Path):
    """Metadata is a column as others; a filter on a column that the page lacks shows nothing and says why."""
    show(browser, page, "&f=is+metadata:level%0Ahard", n=1)
    shows(browser, "item-9")
    show(browser, page, "&f=is+nothing%0Ax")
    wait_until(browser, "document.body.innerText.includes('No sample matches')")
    assert "nothing (no such column): x" in browser.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("capital name", ["item-2", "item-3"]),
        ('"the capital of"', ["item-3"]),
        ("name -capital", ["item-1"]),
        ("SURELY", ["item-9"]),
        ("timeout", ["item-1"]),
        ("-name", ["item-10", "item-9"]),
    ],
)
def test_search_finds_prompts_and_outputs(browser: Browser, page: Path, query: str, found: list[str]):
    """All words must occur; quotes search for a phrase; a minus excludes; case does not matter."""
    show(browser, page, n=5)
    enter(browser, ".search input", query)
    shows(browser, *found)
    wait_until(browser, f"document.querySelector('.search-state').textContent === '{len(found)} of 5 found'")


def test_found_words_are_marked(browser: Browser, page: Path):
    """The words of a search are marked where the table shows them."""
    show(browser, page, "&q=capital+-river", n=2)
    wait_until(browser, "document.querySelectorAll('.tabulator-row mark').length === 2")
    assert browser.evaluate("document.querySelector('mark').textContent") == "capital"


def test_an_address_shows_the_same_view(browser: Browser, page: Path):
    """An address with filters, search, order and columns shows all of them, and stays as it is."""
    view = (
        "&q=name&f=is+task%0Afacts&f=known+score%0A&sort=-score&columns=score&columns=sample&columns=metadata%3Alevel"
    )
    show(browser, page, view, n=2)
    shows(browser, "item-3", "item-2")
    assert headings(browser) == ["score", "sample", "level"]
    assert browser.evaluate("document.querySelector('.search input').value") == "name"
    assert address(browser).count("f=") == 2


def test_going_back_shows_the_view_before(browser: Browser, page: Path):
    """The browser's Back undoes a filter."""
    show(browser, page, n=5)
    click(browser, "Wrong", ".presets")
    has_rows(browser, 2)
    browser.evaluate("history.back()")
    has_rows(browser, 5)


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
