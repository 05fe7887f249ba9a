"""Texts in the pane of one sample: long and hostile ones, tokens, and what is copied, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from urllib.parse import quote

import pytest
from support.browser import CHROMIUM, Browser
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.sample_pane import click, go, show, text_of
from support.sample_records import HOSTILE, all_records, with_hostile_texts

from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.taskfile.load import load_task

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with one record of each kind."""
    return write_run_page(run_folder(tmp_path_factory.mktemp("runs"), all_records()))


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[Browser]:
    """One browser for all tests of the module, with the page open."""
    with Browser(1400, 1000) as one:
        open_page(one, page)
        yield one


def test_tokens_are_shaded_by_probability(browser: Browser):
    """Shading has a legend and a toggle; arrow keys go from token to token, and the line says the probability."""
    show(browser, "sum")
    assert browser.evaluate("document.querySelector('.token-text')") is None
    click(browser, ".output .shade input")
    wait_until(browser, "document.querySelectorAll('.token-text .token').length === 3")
    levels = browser.evaluate("[...document.querySelectorAll('.token-text .token')].map(e => e.className)")
    assert levels == ["token level-0", "token level-3", "token level-unknown"]
    assert "10 to 50%" in text_of(browser, ".legend")
    browser.evaluate("document.querySelector('.token-text .token').focus()")
    browser.press("ArrowRight")
    wait_until(browser, "document.querySelector('.token-line').innerText.includes('“538” probability 5.0%')")
    browser.press("ArrowRight")
    wait_until(browser, "document.querySelector('.token-line').innerText.includes('“03” probability ?')")


def test_a_long_text_is_folded_with_its_end_and_unfolds(browser: Browser):
    """200 kB show their start and end; one click shows all of it."""
    text = show(browser, "long")
    assert "line 0 of a long text" in text
    assert "line 5000 of" not in text
    assert text_of(browser, ".output mark") == "53803"
    click(browser, ".output .fold button")
    wait_until(browser, "document.querySelector('.output .long-text').textContent.includes('line 5000 of')")


def test_hostile_text_is_text(browser: Browser):
    """Markup of a model, a task or a name is shown as text, and characters that hide or reorder text by name."""
    text = show(browser, "hostile", HOSTILE)
    assert HOSTILE in text
    for name in ("U+202E", "␛", "U+200B"):
        assert name in text
    assert browser.evaluate("document.title") != "ran"
    assert browser.evaluate("document.querySelectorAll('.sample-pane img, .sample-pane script').length") == 0
    assert browser.complaints() == []


def test_markup_in_every_field_is_text(browser: Browser, page: Path, tmp_path: Path):
    """With markup in every text of debates, votes, plans and scorers' calls, nothing of it runs or is loaded."""
    records = [with_hostile_texts(record) for record in all_records()]
    open_page(browser, write_run_page(run_folder(tmp_path, records)))
    first = records[0]
    parts = ["run", first.task, first.label, first.provider, first.slug, first.sample_id, str(first.epoch)]
    go(browser, f"#tab=samples&sample={quote(chr(9).join(parts))}")
    for position in range(1, len(records) + 1):
        shown = f"document.querySelector('.pane-bar')?.innerText.includes('{position} of {len(records)}')"
        wait_until(browser, f"{shown} && !!document.querySelector('.sample-result')")
        browser.evaluate("document.querySelectorAll('details:not([open]) > summary').forEach(e => e.click())")
        browser.evaluate("document.querySelector('[data-turn], .votes .chip, .plan .chip')?.click()")
        browser.evaluate("document.querySelector('.elsewhere button')?.click()")
        wait_until(browser, "document.querySelectorAll('.pane-section:not([open])').length === 0")
        assert HOSTILE in browser.text
        assert (
            browser.evaluate("document.querySelectorAll('.sample-pane :is(img, script, [role=alert])').length") == 0
        )
        browser.press("j")
    assert browser.evaluate("document.title") != "ran"
    assert browser.complaints() == []
    open_page(browser, page)


@pytest.mark.parametrize("name", ["sum", "copied"])
def test_a_sample_can_be_pasted_into_a_task_file(browser: Browser, tmp_path: Path, name: str):
    """The YAML and the JSON that are copied are read back from a task file as the same sample."""
    show(browser, name)
    browser.evaluate("navigator.clipboard.writeText = async text => { globalThis.copied = text; }")
    click(browser, "[aria-label*='YAML']")
    yaml = wait_until(browser, "globalThis.copied")
    click(browser, "[aria-label*='JSONL']")
    json_line = wait_until(browser, f"globalThis.copied !== {json.dumps(yaml)} && globalThis.copied")
    (tmp_path / "a.yaml").write_text(f"task: a\nscorers: [exact]\nsamples:\n{indent(yaml, '  ')}", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("task: b\nscorers: [exact]\nsamples: b.jsonl\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json_line + "\n", encoding="utf-8")
    (original,) = (record for record in all_records() if record.sample_id == name and record.label == "single")
    for file in ("a.yaml", "b.yaml"):
        (sample,) = load_task(tmp_path / file, tmp_path).samples
        assert (sample.id, sample.input, sample.target) == (name, original.input, original.target)
        assert (sample.group, sample.must_pass) == (original.group, original.must_pass)
        assert dict(sample.metadata) == original.metadata


@pytest.mark.parametrize(
    ("name", "marked"), [("thousands", "1,234"), ("emphasis", "Pa**r**is"), ("quotes", "‘a  b’"), ("part", None)]
)
def test_an_answer_in_another_notation_is_found(browser: Browser, name: str, marked: str | None):
    """The place of an answer is found in another notation, and never inside of a longer number or word."""
    show(browser, name)
    assert browser.evaluate("document.querySelector('.output mark')?.textContent ?? null") == marked
    said = text_of(browser, ".comparison")
    assert ("marked in the output" if marked else "not found in the output in these words") in said
