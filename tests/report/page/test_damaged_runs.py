"""Runs whose files are damaged, missing, old or enormous: the page says what is wrong, and shows the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_run, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.codecs import record_to_json
from pytest_hiddenlayer.report.page.run_page import write_run_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


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
def folder(tmp_path: Path) -> Path:
    """A run with a correct and a wrong answer; its manifest says that it ended."""
    made = run_folder(tmp_path, [record("first", 1.0, output="it is blue"), record("second", 0.0)])
    change(made / "run.json", complete=True)
    return made


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")


def append(folder: Path, *lines: str | bytes | dict[str, Any]) -> None:
    """Add lines to the log; texts and bytes as they are."""
    with (folder / "records.jsonl").open("ab") as log:
        for line in lines:
            whole = f"{json.dumps(line)}\n" if isinstance(line, dict) else line
            log.write(whole.encode() if isinstance(whole, str) else whole)


def values(name: str, **changes: Any) -> dict[str, Any]:
    return {**record_to_json(record(name, 1.0)), **changes}


def sample(browser: Browser, folder: Path, name: str, text: str) -> None:
    """Open a sample, and wait until the page shows `text`."""
    key = quote("\t".join([folder.name, "t", "single", "scripted", "m", name, "1"]))
    open_run(browser, folder, f"#tab=samples&sample={key}")
    wait_until(browser, f"document.body.innerText.includes({json.dumps(text)})")


def shown(browser: Browser, folder: Path) -> str:
    open_run(browser, folder)
    wait_until(browser, f"document.body.innerText.includes('Evals {folder.name}')")
    return browser.text


def test_a_run_that_is_whole_has_no_notice(browser: Browser, folder: Path):
    """The page of a run that ended, with all its files, says nothing about them."""
    shown(browser, folder)
    assert browser.evaluate("document.querySelectorAll('.notice').length") == 0


def test_an_incomplete_last_line_is_left_out(browser: Browser, folder: Path):
    """A line that a killed process left is said, and the records before it are shown."""
    append(folder, '{"run_id": "r", "tas')
    text = shown(browser, folder)
    assert "The last line of records.jsonl is incomplete and was left out" in text
    assert "Samples (2)" in text


def test_a_line_that_is_no_record_is_named(browser: Browser, folder: Path):
    """File, line and reason of lines that are not records are said; more than three are counted."""
    append(
        folder,
        "<img src=x onerror=alert(1)>\n",
        "[1, 2]\n",
        b"\xff\xfe\n",
        values("bad", epoch="one"),
        values("good"),
    )
    text = shown(browser, folder)
    assert "4 lines are not records and were left out" in text
    assert "records.jsonl:3: not JSON: Expecting value at character 1" in text
    assert "records.jsonl:4: a JSON object is needed, found '[1, 2]'" in text
    assert "records.jsonl:5: not UTF-8 at byte 1" in text
    assert "and 1 more" in text
    assert "Samples (3)" in text


def test_without_a_summary_scores_come_from_the_records(browser: Browser, folder: Path):
    """If summary.json is missing, the page says so, and shows the mean of the recorded scores."""
    (folder / "summary.json").unlink()
    text = shown(browser, folder)
    assert "summary.json is missing: scores are computed from records.jsonl, without gates" in text
    assert "0.500" in text


@pytest.mark.parametrize("content", ["[1]", "{", '[{"task": 1}]', '{"a": 1}', "", "\ufeff[]"])
def test_a_damaged_summary_is_replaced(browser: Browser, folder: Path, content: str):
    """A summary that holds no cells of a run is said, and scores are computed from the records."""
    (folder / "summary.json").write_text(content, encoding="utf-8")
    text = shown(browser, folder)
    assert "summary.json " in text
    assert "scores are computed from records.jsonl" in text
    assert "0.500" in text


def test_without_a_manifest_the_rest_is_shown(browser: Browser, folder: Path):
    """If run.json is missing, command and versions are said to be unknown, and scores are shown."""
    (folder / "run.json").unlink()
    text = shown(browser, folder)
    assert "run.json is missing: command, versions and times of the run are unknown." in text
    assert "0.500" in text


def test_a_run_that_goes_on_is_said(browser: Browser, folder: Path):
    """The page of a run without a summary and an end says that its figures are those so far."""
    (folder / "summary.json").unlink()
    manifest = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({"started_at": manifest["started_at"]}))
    text = shown(browser, folder)
    assert "This run had not ended when this page was written" in text
    assert "computed from the 2 answers" in text
    assert "summary.json is missing" not in text


def test_records_of_earlier_versions_are_read(browser: Browser, folder: Path):
    """Records of schema 1 and 2 are counted in a notice, and open as others do."""
    second = {name: value for name, value in values("old-2", schema=2).items() if name != "prompt"}
    append(folder, second, {**second, "sample_id": "old-1", "schema": 1, "output": "an old answer"})
    sample(browser, folder, "old-1", "an old answer")
    assert "1 record has schema 1, made by an earlier version" in browser.text
    assert "1 record has schema 2, made by an earlier version" in browser.text


def test_records_of_a_newer_version_are_shown_as_far_as_they_are_known(browser: Browser, folder: Path):
    """A record of schema 9 is shown, and the page says that a newer version made it."""
    append(folder, values("new", schema=9, output="from the future", invented={"a": 1}))
    sample(browser, folder, "new", "from the future")
    assert "1 record has schema 9, made by a newer version of pytest-hiddenlayer" in browser.text


@pytest.mark.parametrize("keep", [True, False], ids=["empty", "missing"])
def test_a_run_without_records_is_said(browser: Browser, folder: Path, keep: bool):
    """An empty or missing records.jsonl is said, and cells of the summary are shown."""
    log = folder / "records.jsonl"
    log.write_text("") if keep else log.unlink()
    text = shown(browser, folder)
    assert ("records.jsonl holds no record" if keep else "records.jsonl is missing") in text
    assert "Samples (0)" in text
    assert "0.500" in text


def test_an_empty_run_has_a_page(browser: Browser, tmp_path: Path):
    """The page of a run that was stopped before its first answer says that there is none."""
    folder = run_folder(tmp_path, [])
    assert "computed from the 0 answers" in shown(browser, folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path):
    """A folder without any file of a run is an error with what to do, and no page is written."""
    with pytest.raises(UsageError, match="no run"):
        write_run_page(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_was_replaced_is_marked(browser: Browser, folder: Path):
    """Of two answers to one sample both have a row; the address without more names the last one."""
    append(folder, values("second", output="the later answer"))
    sample(browser, folder, "second", "the later answer")
    assert "1 answer was replaced by a later answer to the same sample and epoch" in browser.text


def test_odd_characters_are_shown(browser: Browser, folder: Path):
    """Lone surrogates, null bytes, control characters and NaN in metadata damage neither table nor record."""
    odd = values("odd", output="a\ud800b\x00c\x1b[31md\u202ee", metadata={"n": float("nan"), "\x00<b>": "\udfff"})
    append(folder, odd)
    sample(browser, folder, "odd", "[31md")
    assert "Samples (3)" in browser.text


def test_a_sample_with_a_lone_surrogate_in_its_id_opens(browser: Browser, folder: Path):
    """The link of a sample whose id is not Unicode opens that sample, though addresses cannot hold its id."""
    append(folder, values("a\ud800b", output="the odd one"))
    open_run(browser, folder, "#tab=samples")
    link = "[...document.querySelectorAll('.sample-link')].find(a => a.textContent.startsWith('a['))"
    wait_until(browser, f"!!{link}")
    browser.evaluate(f"location.hash = {link}.hash")
    wait_until(browser, "document.body.innerText.includes('the odd one')")


def test_a_record_of_50_mb_is_cut_in_the_page(browser: Browser, folder: Path):
    """A text of 50 MB is cut with a sentence on where it is whole, and the page stays small."""
    append(folder, values("huge", output="beginning " + "x" * 50_000_000), values("after", output="the next one"))
    sample(browser, folder, "huge", "beginning")
    assert "Very long texts are cut in this page; they are whole in records.jsonl, line 3." in browser.text
    assert (folder / "report.html").stat().st_size < 3_000_000
    sample(browser, folder, "after", "the next one")


def test_many_long_texts_of_a_record_are_cut_together(folder: Path):
    """A record of 30 texts below the limit of one is cut until it fits."""
    append(folder, values("many", metadata={f"part {i}": str(i) * 900_000 for i in range(30)}))
    assert write_run_page(folder).stat().st_size < 3_000_000
