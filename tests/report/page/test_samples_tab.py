"""The samples tab of the page, in a real browser: rows, order, filters, search and address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.report_pages import run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.samples_tab import HOSTILE, RECORDS, address, click, enter, has_rows, headings, show, shows

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
