"""The samples tab of a page with five records: what it shows, and clicks in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.types import Record

from .browser import Browser
from .records import record
from .report_pages import open_page, wait_until

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


def show(browser: Browser, page: Path, view: str = "", n: int | None = None) -> None:
    """Open the samples tab, and wait until it has `n` rows."""
    open_page(browser, page, f"#tab=samples{view}")
    wait_until(browser, "!!document.querySelector('.samples, .no-samples')")
    if n is not None:
        has_rows(browser, n)


def has_rows(browser: Browser, n: int) -> None:
    """Wait until the table has `n` rows."""
    wait_until(browser, f"document.querySelectorAll('.tabulator-row').length === {n}")


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
