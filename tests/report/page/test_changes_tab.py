"""The changes tab, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.report.page.bundle import load_bundle
from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.types import Record

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM),
    pytest.mark.skipif(load_bundle() is None, reason="the page's program is not built: `make web`"),
]

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"
PAYLOAD = "<img src=x onerror=document.title='hacked'><b>bold</b>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this module."""
    with Browser(1400, 1000) as browser:
        yield browser


def answer(task: str, sample: str, score: float | None, output: str, **changes: object) -> Record:
    """A record whose answer is the last word of its output."""
    scores = {} if score is None else {"exact": {"value": score, "answer": output, "explanation": ""}}
    whole = {"task": task, "output": output, "answer": output.split()[-1], "scores": scores, "target": "right"}
    return record(sample, score, **{**whole, **changes})


def records_of(side: str) -> list[Record]:
    """`sums`: 6 of 20 newly wrong; `repeats`: one flip over 3 epochs; a task with payloads everywhere."""
    new = side == NEW
    sums = [
        answer("sums", f"s{i}", float(not (new and i < 6)), "so the sum is " + ("off" if new and i < 6 else "right"))
        for i in range(20)
    ]
    repeats = [
        answer("repeats", "r0", float(not new), f"epoch {epoch} says {'no' if new else 'right'}", epoch=epoch)
        for epoch in (1, 2, 3)
    ]
    hostile = [answer(PAYLOAD, PAYLOAD, float(not new), f"{PAYLOAD} {new} {PAYLOAD}", input=PAYLOAD, target=PAYLOAD)]
    return [*sums, *repeats, *hostile]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two runs compared, beside `compare.json`, which `compare --json` printed."""
    root = tmp_path_factory.mktemp("compared")
    for name in (OLD, NEW):
        log = RunLog(root, name)
        log.append_all(records_of(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        main(["compare", OLD, NEW, "--html", "page.html"])
    return root / "page.html"


def cell(task: str) -> str:
    """The section of a task's cell, as an expression."""
    return (
        f"[...document.querySelectorAll('.changed-cell')].find(s => s.querySelector('h3').textContent"
        f".includes({json.dumps(task)}))"
    )


def flip(task: str) -> str:
    """The first changed sample of a task, as an expression."""
    return f"{cell(task)}.querySelector('.flip')"


def open_flip(browser: Browser, task: str) -> str:
    """Open the first changed sample of a task, and return what it shows."""
    browser.evaluate(f"{flip(task)}.querySelector('.flip-head').click()")
    wait_until(browser, f"!!{flip(task)}.querySelector('pre.text')")
    return str(browser.evaluate(f"{flip(task)}.textContent"))


def shown_samples(browser: Browser) -> list[str]:
    """The changed samples that are listed."""
    return list(browser.evaluate("[...document.querySelectorAll('.flip .sample-id')].map(s => s.textContent)"))


def test_the_verdict_is_that_of_compare(
    browser: Browser, page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first row is the regressed cell, with the difference, the interval and p that `compare --json` has."""
    monkeypatch.chdir(page.parent)
    main(["compare", OLD, NEW, "--json"])
    cells = {one["task"]: one["comparison"] for one in json.loads(capsys.readouterr().out)["cells"]}
    open_page(browser, page, "#tab=changes")
    row = browser.evaluate("document.querySelector('table.cells tbody tr').textContent")
    low, high = (f"{end:+.3f}".replace("-", "−") for end in cells["sums"]["ci95"])
    assert "regressed" in row
    assert "sums" in row
    assert "1.000 → 0.700" in row
    assert "−0.300" in row
    assert f"{low} to {high}" in row
    assert "6 newly wrong" in row
    assert cells["sums"]["verdict"] == "regressed"


def test_a_flip_shows_both_answers_and_what_differs(browser: Browser, page: Path) -> None:
    """Opened, a flip has both answers, the target, and the words of the outputs that were removed and added."""
    open_page(browser, page, "#tab=changes")
    text = open_flip(browser, "sums")
    assert "s0" in text
    assert "right → off" in text.replace("\n", " ")
    assert browser.evaluate(f"{flip('sums')}.querySelector('pre del').textContent") == "right"
    assert browser.evaluate(f"{flip('sums')}.querySelector('pre ins').textContent") == "off"
    browser.evaluate(
        "[...document.querySelectorAll('.segments button')].find(b => b.textContent === 'side by side').click()"
    )
    wait_until(browser, f"{flip('sums')}.querySelectorAll('.two-texts pre').length === 2")


def test_a_flip_links_to_its_records(browser: Browser, page: Path) -> None:
    """The links of a flip open the old and the new record, and the samples table filtered to the sample."""
    open_page(browser, page, "#tab=changes")
    open_flip(browser, "sums")
    links = dict(
        browser.evaluate(f"[...{flip('sums')}.querySelectorAll('.links a')].map(a => [a.textContent, a.hash])")
    )
    assert list(links) == [
        "Open the old record",
        "Open the new record",
        "This sample in the samples table",
        "Link to this change",
    ]
    browser.evaluate(f"{flip('sums')}.querySelector('.links a').click()")
    wait_until(
        browser, "new URLSearchParams(location.hash.slice(1)).get('sample')?.startsWith(" + json.dumps(OLD) + ")"
    )
    assert "tab=changes" in links["Open the new record"]
    assert "tab=samples" in links["This sample in the samples table"]
    assert "s0" in links["This sample in the samples table"]


def test_one_change_can_be_sent(browser: Browser, page: Path) -> None:
    """The link of a change shows it alone, and opened."""
    open_page(browser, page, "#tab=changes")
    open_flip(browser, "sums")
    address = browser.evaluate(f"[...{flip('sums')}.querySelectorAll('.links a')].pop().hash")
    open_page(browser, page, address)
    assert shown_samples(browser) == ["s0"]
    wait_until(browser, "!!document.querySelector('.flip-body pre')")
    assert "1 of 8 shown" in browser.text


def test_epochs_can_be_chosen(browser: Browser, page: Path) -> None:
    """A flip over epochs has Fisher's p and the sentence on chance; a chosen epoch's output is compared."""
    open_page(browser, page, "#tab=changes")
    text = open_flip(browser, "repeats")
    assert "3 of 3 epochs right before, 0 of 3 now" in text
    assert "p 0.10" in text
    epoch = f"{flip('repeats')}.querySelectorAll('.epochs')[1].querySelectorAll('button')[2]"
    browser.evaluate(f"{epoch}.click()")
    wait_until(browser, f"{flip('repeats')}.querySelector('pre').textContent.includes('3')")
    assert browser.evaluate(f"{epoch}.getAttribute('aria-pressed')") == "true"


def test_filters_are_in_the_address(browser: Browser, page: Path) -> None:
    """Kind, task and text narrow the list; the address holds them, so that a view can be sent."""
    open_page(browser, page, "#tab=changes")
    assert len(shown_samples(browser)) == 8
    browser.evaluate(
        "(s => { s.value = 'sums'; s.dispatchEvent(new Event('change', {bubbles: true})) })"
        "(document.querySelector('.change-controls select'))"
    )
    wait_until(browser, "document.querySelectorAll('.flip').length === 6")
    browser.evaluate(
        "(s => { s.value = 's3'; s.dispatchEvent(new Event('input', {bubbles: true})) })"
        "(document.querySelector('.change-controls input'))"
    )
    wait_until(browser, "document.querySelectorAll('.flip').length === 1")
    address = browser.evaluate("location.hash")
    open_page(browser, page, address)
    assert shown_samples(browser) == ["s3"]
    buttons = "[...document.querySelectorAll('.change-controls button')]"
    browser.evaluate(f"{buttons}.find(b => b.textContent === 'Clear filters').click()")
    wait_until(browser, "document.querySelectorAll('.flip').length === 8")
    browser.evaluate("document.querySelector('.kinds button').click()")
    wait_until(browser, "document.querySelector('.kinds button').getAttribute('aria-pressed') === 'true'")
    assert "newly+wrong" in browser.evaluate("location.hash")


def test_the_list_is_operated_by_keyboard(browser: Browser, page: Path) -> None:
    """`j` and `k` move between the changed samples, Enter opens one."""
    open_page(browser, page, "#tab=changes")
    browser.evaluate("document.querySelector('.flip-head').focus()")
    browser.press("j")
    assert (
        browser.evaluate("document.activeElement.querySelector('.sample-id').textContent")
        == shown_samples(browser)[1]
    )
    browser.press("k")
    browser.press("Enter")
    wait_until(browser, "document.activeElement.getAttribute('aria-expanded') === 'true'")
    assert (
        browser.evaluate("document.activeElement.querySelector('.sample-id').textContent")
        == shown_samples(browser)[0]
    )


def test_hostile_texts_are_text(browser: Browser, page: Path) -> None:
    """Markup in task, sample, input, target, answer and output is shown as it was written, and nothing runs."""
    open_page(browser, page, "#tab=changes")
    text = open_flip(browser, PAYLOAD)
    assert text.count("<b>bold</b>") >= 4
    assert browser.evaluate("document.querySelectorAll('.changes img, .changes b').length") == 0
    assert "hacked" not in str(browser.evaluate("document.title")).replace(PAYLOAD, "")
    assert browser.complaints() == []


def test_direction_marks_cannot_reorder_text(browser: Browser, tmp_path: Path) -> None:
    """Marks of writing direction and control characters are shown by their codes."""
    folder = changes_folder(tmp_path, [flip_of("evil \u202e\x1b", "abc\u202edef"), flip_of("s1", "a")])
    open_page(browser, write_run_page(folder), "#tab=changes")
    text = open_flip(browser, "many")
    assert "evil [U+202E ␛]" in text
    assert "abc[U+202E]def" in text


def test_a_run_without_a_baseline_says_how_to_make_one(browser: Browser, tmp_path: Path) -> None:
    """A run that was compared with nothing says so, and names the commands that make a comparison."""
    open_page(browser, write_run_page(run_folder(tmp_path, [record("a", 1.0)])), "#tab=changes")
    wait_until(browser, "document.body.innerText.includes('--snapshot-update')")
    assert "Nothing was compared" in browser.text


def flip_of(sample: str, answer: str) -> dict[str, Any]:
    """A newly wrong sample, as `changes.json` has it."""
    side = {"answer": answer, "output": f"{'word ' * 50}{answer}", "confidence": None, "scores": {}, "row": None}
    return {
        "sample": sample, "kind": "newly_wrong", "noise": None, "p_epochs": None, "prompt_changed": False,
        "old": {**side, "score": 1.0, "outcome": "correct", "epoch_scores": [1.0]},
        "new": {**side, "score": 0.0, "outcome": "incorrect", "epoch_scores": [0.0]},
    }  # fmt: skip


def changes_folder(root: Path, flips: list[dict[str, Any]]) -> Path:
    """The folder of a run whose task `many` has these flips, and 7 more that were left out."""
    folder = run_folder(root, [answer("other", "x", 0.0, "no")])
    side = {"name": "run", "strategy": "single", "provider": "scripted", "model": "m", "slug": "m", "epochs": 1}
    side["answers_only"] = False
    one = {
        "cell": ["many", "single", "scripted", "m"], "verdict": "regressed", "fault": None, "comparison": None,
        "old": side, "new": side, "other_scorers": {}, "notes": [], "noise": None,
        "flips": flips, "flips_left_out": 7,
    }  # fmt: skip
    whole = {"old": "before", "new": "run", "cells": [one], "only_old": [], "only_new": [], "faults": [], "notes": []}
    (folder / "changes.json").write_text(json.dumps(whole))
    return folder


def test_what_is_known_of_all_cells_is_said_once(browser: Browser, tmp_path: Path) -> None:
    """A sentence on noise that several cells share is shown once, above them; others are shown with their cell."""
    folder = changes_folder(tmp_path, [flip_of("s", "a")])
    changes = json.loads((folder / "changes.json").read_text())
    (one,) = changes["cells"]
    shared = "Both sides used seed 7. Some small p are expected."
    cells = [
        {**one, "cell": [name, *one["cell"][1:]], "noise": f"{name.title()}: 3 turned wrong. {shared}"}
        for name in "ab"
    ]
    (folder / "changes.json").write_text(json.dumps({**changes, "cells": cells}))
    open_page(browser, write_run_page(folder), "#tab=changes")
    noise = browser.evaluate("[...document.querySelectorAll('.noise')].map(e => e.textContent)")
    assert noise == [f"Noise: {shared}", "Noise: A: 3 turned wrong.", "Noise: B: 3 turned wrong."]


def test_a_long_list_is_shown_in_steps(browser: Browser, tmp_path: Path) -> None:
    """A cell with many flips shows 50 of them, and the next 50 on request."""
    folder = changes_folder(tmp_path, [flip_of(f"s{i}", "a") for i in range(120)])
    open_page(browser, write_run_page(folder), "#tab=changes")
    assert len(shown_samples(browser)) == 50
    assert "7 more changed samples did not fit" in browser.text
    browser.evaluate(f"[...{cell('many')}.querySelectorAll('button')].pop().click()")
    wait_until(browser, "document.querySelectorAll('.flip').length === 100")
    assert browser.evaluate("document.querySelectorAll('.flip')[0].textContent").startswith("✗ newly wrong")
