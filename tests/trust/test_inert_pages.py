"""Hostile texts in every place of every page: they are shown as texts, and nothing runs."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.hostile_runs import NOT_SHOWN, hostile_run
from support.inert_pages import InertPage, use
from support.live_runs import GrowingRun
from support.markdown import github, parse
from support.page_payloads import PAYLOADS
from support.report_pages import open_page, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.trust_scale import times

from pytest_hiddenlayer import load_run
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.report.html import cells_html, record_html
from pytest_hiddenlayer.report.page import page_writer
from pytest_hiddenlayer.report.page.bundle import load_bundle
from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.results.log.run_log import read_records
from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records
from pytest_hiddenlayer.types import Record

pytestmark = [
    pytest.mark.usefixtures("quiet"),
    pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM),
    pytest.mark.skipif(load_bundle() is None, reason="the page's program is not built: `make web`"),
]

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"


def scheme(browser: Browser, name: str) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])


def test_there_are_many_payloads():
    """At least 200 different payloads are tried."""
    assert len(set(PAYLOADS)) >= 200


@pytest.mark.parametrize("live", ["<img alt=x>", "<b onclick=x()>b</b>", "<a href=javascript:x()>a</a>"])
def test_what_is_not_inert_is_found(browser: Browser, live: str):
    """The check that the other tests use finds elements, handlers and links that a text made."""
    browser.open("about:blank")
    browser.evaluate(f"document.body.innerHTML = {live!r}")
    with pytest.raises(AssertionError, match=live[1:4]):
        InertPage(browser).look()
    browser.open("about:blank")


def check_run_page(browser: Browser, root: Path, start: int, colours: str, *, buttons: bool) -> None:
    """Use every part of the page of a run with a payload in every text."""
    folder, payloads = hostile_run(root, start)
    scheme(browser, colours)
    open_page(browser, write_run_page(folder))
    page = InertPage(browser)
    use(page, 28, buttons=buttons)
    assert len(page.missing(sorted(payloads.used))) < len(payloads.used) / 10  # the rest is in texts that are cut
    assert any("Inside the model" in text and "embeddings" in text for text in page.texts)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", "".join(page.texts))  # shown by name
    browser.call("Page.printToPDF")
    page.look()


@pytest.mark.slow
def test_every_field_of_a_run_is_tried(browser: Browser, tmp_path: Path):
    """The page shows every field of records, summary, changes and manifest, a new one too, but those listed."""
    folder, words = hostile_run(tmp_path, payloads=[f"word{number}." for number in range(6000)])
    open_page(browser, write_run_page(folder))
    page = InertPage(browser)
    use(page, 28)
    missing = set(page.missing(sorted(words.used)))
    hidden = words.fields_of(missing) - words.fields_of(set(words.used) - missing)
    assert hidden == NOT_SHOWN
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").split("\n")
    records = [json.loads(line) for line in lines if line]
    assert [field.name for field in fields(Record) if not any(record[field.name] for record in records)] == []


def test_nothing_runs_in_the_page_of_a_run(browser: Browser, tmp_path: Path):
    """With a payload in every text of a run, every part of its page shows texts, and so do print and exports."""
    check_run_page(browser, tmp_path, 0, "dark", buttons=False)
    check_exports(browser.evaluate("window.kept"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["__proto__", "constructor"])
def test_a_name_of_every_object_breaks_no_page(browser: Browser, tmp_path: Path, name: str):
    """With the name of a property that all objects of JavaScript have in every text, the page is whole."""
    folder, _ = hostile_run(tmp_path, payloads=[name])
    open_page(browser, write_run_page(folder))
    use(InertPage(browser), 28, menus=False, buttons=False)


def check_exports(kept: list[str]) -> None:
    """No cell of the CSV is a formula, no text of the Markdown is markup, and each line of the JSON is an object."""
    table = max((text for text in kept if "\r\n" in text and text.count(",") > 100), key=len)
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len({len(row) for row in rows}) == 1
    formulas = [cell for row in rows for cell in row if re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", cell)]
    assert [cell for cell in formulas if not is_number(cell)] == []
    others = [
        cell for sign in ";\t" for row in csv.reader(io.StringIO(table, newline=""), delimiter=sign) for cell in row
    ]
    assert [cell for cell in others if re.match(r"[=@]|[+\-].*[(!|]", cell)] == []
    markdown = parse(github(max((text for text in kept if text.startswith("| ")), key=len)))
    assert markdown.links == []
    words = "".join(text for text in markdown.outside if not text.startswith("<"))
    assert not re.search(r"[@#<>`*_~\\\[\]{}|]|://|www|\$[^0-9]", words)
    tags = {text.split()[0].strip("</>") for text in markdown.outside if text.startswith("<")}
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    lines = max((text for text in kept if text.startswith('{"')), key=len)
    assert all(isinstance(json.loads(line), dict) for line in lines.split("\n") if line)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("start", range(13, len(PAYLOADS), times(169, 13)))
def test_nothing_runs_wherever_a_payload_is(browser: Browser, tmp_path: Path, start: int):
    """The same holds with the payloads in other places, light and dark."""
    check_run_page(browser, tmp_path, start, "light" if start % 2 else "dark", buttons=True)


def test_nothing_runs_in_the_plain_page(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without JavaScript, and if the page's program is not installed, the plain page shows payloads as texts."""
    folder, _ = hostile_run(tmp_path)
    monkeypatch.setattr(page_writer, "load_bundle", lambda: None)
    browser.open(write_run_page(folder).as_uri())
    page = InertPage(browser)
    page.unfold()
    page.look()
    shown = "".join(page.texts)
    assert "<img src=x onerror=ran=1>" in shown
    assert "[U+202E]" in shown
    assert "\u202e" not in shown


def test_nothing_runs_in_the_page_of_a_comparison(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With payloads in both runs, the page of their comparison shows texts only."""
    runs = tmp_path / "reports" / "runs"
    runs.mkdir(parents=True)
    for name in (OLD, NEW):
        folder, _ = hostile_run(tmp_path / f"made-{name}")
        folder.rename(runs / name)
    log = runs / NEW / "records.jsonl"
    log.write_text(log.read_text().replace('"correct"', '"incorrect"').replace('"value": 1.0', '"value": 0.0'))
    monkeypatch.chdir(tmp_path)
    main(["compare", OLD, NEW, "--html", "page.html"])
    scheme(browser, "light")
    open_page(browser, tmp_path / "page.html")
    page = InertPage(browser)
    use(page, 3, menus=False, buttons=False)
    assert any("newly wrong" in text for text in page.texts)


def test_nothing_runs_in_the_live_page(browser: Browser, tmp_path: Path):
    """While a run goes on, payloads in its records are texts in the page that it serves."""
    folder, _ = hostile_run(tmp_path)
    run = GrowingRun(tmp_path / "live", bundle=load_bundle())
    try:
        run.add(*read_records(folder))
        browser.open(run.server.address)
        wait_until(browser, "document.documentElement.dataset.ready === 'true'")
        use(InertPage(browser), 3, menus=False, buttons=False)
    finally:
        browser.open("about:blank")
        run.stop()


def test_nothing_runs_in_the_parts_of_other_pages(browser: Browser, tmp_path: Path):
    """What pytest-html and notebooks show of records, cells, runs and answers holds texts only."""
    folder, _ = hostile_run(tmp_path)
    records = list(read_records(folder))
    metrics = [compute_metrics(config_from_records(cell), cell) for cell in by_cell(records).values()]
    whole = [one.to_json() for one in records if all("role" in call for call in one.transcript)]
    parts = [*map(record_html, whole), cells_html(metrics, {}), load_run(folder)._repr_html_()]
    path = tmp_path / "parts.html"
    path.write_bytes("".join(["<!doctype html><meta charset=utf-8>", *parts]).encode("utf-8", "backslashreplace"))
    browser.open(path.as_uri())
    page = InertPage(browser)
    page.unfold()
    page.look()
    assert "<img src=x onerror=ran=1>" in page.texts[0]
