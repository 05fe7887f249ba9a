"""The page of a run, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_page, open_run, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.report.page import bundle, page_writer
from pytest_hiddenlayer.report.page.bundle import csp_hash, load_bundle
from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.types import Record

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)
HOSTILE = "\"'><img src=x onerror=hit=1></script></style><script>hit=1</script>{{7*7}}<!--"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet(browser: Browser) -> Iterator[None]:
    """No page makes the browser complain, or asks for anything."""
    before, asked = len(browser.complaints()), len(browser.requests())
    yield
    assert browser.complaints()[before:] == []
    assert [url for url in browser.requests()[asked:] if not url.startswith(("file:", "about:", "data:"))] == []


@pytest.fixture
def no_script(browser: Browser) -> Iterator[None]:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    yield
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def hostile_record() -> Record:
    texts = dict.fromkeys(("task", "sample_id", "label", "slug", "provider", "model", "target", "output"), HOSTILE)
    score = {"value": 0.0, "answer": HOSTILE, "explanation": HOSTILE}
    message = {"role": HOSTILE, "content": HOSTILE}
    call = {"role": HOSTILE, "round": 0, "completion": HOSTILE, "finish_reason": HOSTILE, "messages": [message]}
    return record(
        HOSTILE,
        0.0,
        **texts,
        answer=HOSTILE,
        error=HOSTILE,
        input=HOSTILE,
        prompt=[message],
        choices=[HOSTILE],
        group=HOSTILE,
        reasoning=HOSTILE,
        metadata={HOSTILE: HOSTILE},
        scores={HOSTILE: score, HOSTILE * 2: score},
        transcript=[call | {"usage": {}, "latency_s": 1.0, "model": HOSTILE, "seed": 0, "warnings": [HOSTILE]}],
    )


def test_the_page_starts_and_names_the_run(browser: Browser, tmp_path: Path):
    """The page shows the run's name and how many records it has."""
    open_run(browser, run_folder(tmp_path, [record("a", 1.0), record("b", 0.0)]))
    assert "Evals run" in browser.text
    assert "Samples (2)" in browser.text
    wait_until(browser, "document.querySelector('nav a[aria-current]').textContent === 'Overview'")


def test_every_record_is_found_in_its_chunk(browser: Browser, tmp_path: Path):
    """Records before and after the ends of chunks open, whether a chunk ends by number or by size."""
    records = [record(f"s{i}", 1.0, output=f"output {i}") for i in range(120)]
    records += [record(f"big{i}", 1.0, output=f"output big{i} " + "x" * 600_000) for i in range(3)]
    path = write_run_page(run_folder(tmp_path, records))
    for name in ("s0", "s99", "s100", "s119", "big0", "big2"):
        key = quote("\t".join(["run", "t", "single", "scripted", "m", name, "1"]))
        open_page(browser, path, f"#tab=samples&sample={key}")
        wait_until(browser, f"document.body.innerText.includes('output {name.removeprefix('s')}')")


def test_a_page_whose_end_is_missing_shows_what_it_holds(browser: Browser, tmp_path: Path):
    """Of a file that was cut short, the table and the records before the cut are shown; later ones are missing."""
    page = write_run_page(run_folder(tmp_path, [record(f"s{i:03}", 1.0) for i in range(150)]))
    text = page.read_text(encoding="utf-8")
    page.write_text(text[: text.index('id="hl-records-1"') + 40], encoding="utf-8")
    open_page(browser, page, "#tab=samples")
    wait_until(browser, "document.body.innerText.includes('150 of 150 samples')")
    for name, expected in (("s007", "Answer"), ("s107", "cannot be read")):
        key = quote("\t".join(["run", "t", "single", "scripted", "m", name, "1"]))
        browser.evaluate(f"location.hash = 'tab=samples&sample={key}'")
        shown = f"document.querySelector('.pane-bar h2')?.textContent === '{name}'"
        wait_until(browser, f"{shown} && document.querySelector('.sample-pane').innerText.includes('{expected}')")


@pytest.mark.parametrize("tab", ["overview", "samples", "changes", "run"])
def test_hostile_texts_are_texts_in_every_tab(browser: Browser, tmp_path: Path, tab: str):
    """Markup in every field of a record runs nowhere, and is shown as it is."""
    folder = run_folder(tmp_path, [hostile_record()])
    key = quote("\t".join(["run", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "1"]))
    open_run(browser, folder, f"#tab={tab}&sample={key}")
    wait_until(browser, f"document.body.innerText.includes({json.dumps(HOSTILE[:20])})")
    assert browser.evaluate("typeof hit") == "undefined"
    assert browser.evaluate("document.querySelectorAll('img').length") == 0


def test_without_javascript_the_page_is_plain_and_readable(browser: Browser, tmp_path: Path, no_script: None):
    """Without JavaScript the page shows scores with intervals, and wrong answers with prompt, target and answer."""
    records = [record(f"s{i}", 1.0) for i in range(3)]
    records += [record("wrong", 0.0, prompt=[{"role": "user", "content": "the prompt"}], target="the target")]
    browser.open(write_run_page(run_folder(tmp_path, records)).as_uri())
    assert "This is the plain report: the interactive one needs JavaScript" in browser.text
    assert re.search(r"t\s+single\s+scripted:m\s+0\.750\s+0\.\d{3} to 0\.\d{3}\s+4 of 4", browser.text)
    browser.evaluate("document.querySelector('details').open = true")
    for text in ("wrong · incorrect", "the prompt", "the target"):
        assert text in browser.text


def test_hostile_texts_are_texts_in_the_plain_page(browser: Browser, tmp_path: Path, no_script: None):
    """Nothing that a model wrote is markup in the plain page."""
    browser.open(write_run_page(run_folder(tmp_path, [hostile_record()])).as_uri())
    assert HOSTILE in browser.text
    assert browser.evaluate("document.querySelectorAll('img').length") == 0


def test_without_a_bundle_the_page_says_why_it_is_plain(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """If the program was not built, the page is plain, names the reason, and holds no script."""
    folder = run_folder(tmp_path, [record("a", 0.0)])
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "nothing")
    path = write_run_page(folder)
    browser.open(path.as_uri())
    assert "This is the plain report. The program of the interactive report is not installed" in browser.text
    assert "0.000" in browser.text
    assert "<script" not in path.read_text(encoding="utf-8")


def test_a_page_that_cannot_start_shows_the_plain_one(browser: Browser, tmp_path: Path):
    """If a part of the page is damaged, the plain page appears, with a sentence that names the part."""
    path = write_run_page(run_folder(tmp_path, [record("a", 0.0)]))
    path.write_text(path.read_text(encoding="utf-8").replace('id="hl-index"', 'id="lost"'), encoding="utf-8")
    open_page(browser, path)
    assert "The interactive report could not start" in browser.text
    assert "has no section index" in browser.text
    assert "0.000" in browser.text
    assert browser.evaluate("getComputedStyle(document.getElementById('hl-plain')).visibility") == "visible"


def test_the_plain_page_is_hidden_until_it_is_needed(browser: Browser, tmp_path: Path):
    """While the program starts, the plain page is invisible; afterwards it is gone."""
    path = write_run_page(run_folder(tmp_path, [record("a", 0.0)]))
    waiting = path.with_name("waiting.html")
    waiting.write_text(re.sub(r"<script>.*</script>", "", path.read_text(encoding="utf-8"), flags=re.S))
    browser.open(waiting.as_uri())
    assert browser.evaluate("getComputedStyle(document.getElementById('hl-plain')).visibility") == "hidden"
    open_page(browser, path)
    assert browser.evaluate("document.getElementById('hl-plain')") is None


def test_the_policy_allows_this_program_and_nothing_else(tmp_path: Path):
    """The page's policy names the hash of its script, forbids requests, forms, frames and any other script."""
    page = write_run_page(run_folder(tmp_path, [record("a", 1.0)])).read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    built = load_bundle()
    assert built is not None
    assert rules["script-src"] == csp_hash(built.script)
    assert csp_hash(built.style) in rules["style-src"]
    assert "unsafe" not in policy
    for name in ("default-src", "connect-src", "object-src", "frame-src", "base-uri", "form-action"):
        assert rules[name] == "'none'"


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """If writing fails, the file that existed is unchanged, and no other file is left."""
    folder = run_folder(tmp_path, [record("a", 1.0)])
    (folder / "report.html").write_text("the old one")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page_writer, "section", fail)
    before = sorted(folder.iterdir())
    with pytest.raises(OSError, match="No space"):
        write_run_page(folder)
    assert (folder / "report.html").read_text() == "the old one"
    assert sorted(folder.iterdir()) == before
