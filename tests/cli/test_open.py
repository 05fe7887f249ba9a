"""`hiddenlayer open`: the report of a run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from support.folder import Folder
from support.records import record
from support.report_pages import run_folder

from pytest_hiddenlayer.report.page import bundle
from pytest_hiddenlayer.report.page.freshness import is_current
from pytest_hiddenlayer.report.page.run_page import write_run_page

WITH_BROWSER = """
import sys
import webbrowser
from pytest_hiddenlayer.cli import main

def show(address):
    print("opened", address)
    return {found}

webbrowser.open = show
sys.exit(main(sys.argv[1:]))
"""
FAR_AHEAD = 4_000_000_000  # seconds: after every file of a test


@pytest.fixture
def ran(sums: Folder) -> Folder:
    """A folder with one run, whose report is gone."""
    assert sums.command("run", "--provider", "scripted:replies.json").ret == 0
    (sums.runs()[0] / "report.html").unlink(missing_ok=True)
    return sums


def opened(folder: Folder, *arguments: str, found: bool = True, cwd: str = ".") -> pytest.RunResult:
    """What `hiddenlayer open` prints if a browser is found or not; a line `opened ADDRESS` for each page."""
    return folder.script(WITH_BROWSER.format(found=found), "open", *arguments, cwd=cwd)


def test_the_last_run_is_written_printed_and_opened(ran):
    """Without arguments the report of the last run is written, its path printed, and the file opened."""
    (run,) = ran.runs()
    printed = opened(ran)
    assert printed.ret == 0
    assert printed.outlines == [f"reports/runs/{run.name}/report.html", f"opened {(run / 'report.html').as_uri()}"]
    assert run.name in (run / "report.html").read_text(encoding="utf-8")


def test_a_run_is_found_by_the_start_of_its_id_and_by_its_folder(ran):
    """RUN is an id, the start of one, or a folder, as for the other commands."""
    (run,) = ran.runs()
    for name in (run.name, run.name[:12], str(run)):
        assert opened(ran, name).outlines[-1] == f"opened {(run / 'report.html').as_uri()}"


def test_no_browser_prints_the_path_only(ran):
    """--no-browser prints the path, which exists, and opens nothing."""
    printed = opened(ran, "--no-browser")
    assert (printed.ret, len(printed.outlines), printed.errlines) == (0, 1, [])
    assert (ran.path / printed.outlines[0]).is_file()


def test_from_a_sub_folder(ran):
    """From a sub folder the path is whole, so that it can be opened from there."""
    (path,) = opened(ran, "--no-browser", cwd="evals").outlines
    assert Path(path).is_absolute()
    assert Path(path).is_file()


def test_without_a_browser_the_status_is_1(ran):
    """If no browser is found, the path is printed all the same, and one sentence says what to do."""
    printed = opened(ran, found=False)
    assert printed.ret == 1
    assert printed.outlines[0].endswith("report.html")
    assert printed.errlines == ["hiddenlayer: no browser was found; open the file in one, or use --no-browser"]


@pytest.mark.parametrize("name", ["nothing", "last"])
def test_a_run_that_does_not_exist(sums, name):
    """A run that does not exist is one sentence and exit status 4."""
    printed = opened(sums, name)
    assert printed.ret == 4
    assert len(printed.errlines) == 1
    assert f"no run '{name}'" in printed.errlines[0]


def test_a_folder_that_is_no_run(sums):
    """A folder without a run is refused, and gets no report."""
    printed = opened(sums, "evals")
    assert printed.ret == 4
    assert "evals: no run" in printed.errlines[0]
    assert not (sums.path / "evals" / "report.html").exists()


def test_a_report_that_cannot_be_written(ran):
    """If the report cannot be written, one sentence names the file; an old report is opened with a warning."""
    (run,) = ran.runs()
    (run / "report.html").mkdir()
    printed = opened(ran)
    assert printed.ret == 4
    assert re.fullmatch(
        r"hiddenlayer: cannot read or write .*report\.html.*: Is a directory; .*", printed.errlines[0]
    )
    assert not any(line.startswith("opened") for line in printed.outlines)


def test_an_old_report_is_better_than_none(ran):
    """If an old report cannot be written again, it is opened, and one sentence says that it is out of date."""
    (run,) = ran.runs()
    (run / "report.html").write_text("old")
    full = (
        "import pytest_hiddenlayer.report.page.run_page as pages\n"
        "def full(*_):\n    raise OSError(28, 'No space left on device')\n"
        "pages.write_run_page = full\n"
    )
    printed = ran.script(full + WITH_BROWSER.format(found=True), "open")
    assert printed.ret == 0
    assert printed.outlines[-1].startswith("opened file:")
    assert printed.errlines == [
        "hiddenlayer: the report is out of date and cannot be written again: No space left on device"
    ]


def test_help_has_examples(sums):
    """`open --help` shows examples and the exit statuses."""
    text = "\n".join(sums.command("open", "--help").outlines)
    assert "hiddenlayer open last --no-browser" in text
    assert "exit status:" in text


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """The folder of a run whose report is up to date."""
    folder = run_folder(tmp_path, [record("a", 1.0)])
    write_run_page(folder)
    assert is_current(folder)
    return folder


@pytest.mark.parametrize("name", ["records.jsonl", "summary.json", "run.json"])
def test_a_report_older_than_its_run_is_not_current(current, name):
    """The report is written again if a file of the run is newer."""
    os.utime(current / name, (FAR_AHEAD, FAR_AHEAD))
    assert not is_current(current)


def test_a_report_of_another_version_is_not_current(current, monkeypatch):
    """The report is written again if another version of the package wrote it."""
    monkeypatch.setattr(bundle, "__version__", "99.0")
    assert not is_current(current)


def test_a_report_with_another_program_is_not_current(current, monkeypatch, tmp_path):
    """The report is written again if its program is another one, or if it was plain and there is one now."""
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "nowhere")
    assert not is_current(current)
    write_run_page(current)
    assert is_current(current)
    monkeypatch.undo()
    assert not is_current(current)


def test_a_report_of_something_else_is_not_current(current):
    """A file that another program wrote as report.html is replaced."""
    page = current / "report.html"
    page.write_bytes(b"\xff\xfe something else")
    os.utime(page, (FAR_AHEAD, FAR_AHEAD))
    assert not is_current(current)


def test_the_run_says_where_its_report_is(sums):
    """`hiddenlayer run` and pytest print the path of the report below that of the run, if it was written."""
    for printed in (sums.command("run", "--provider", "scripted:replies.json"), sums.run()):
        place = next(i for i, line in enumerate(printed.outlines) if line.startswith("run "))
        folder = printed.outlines[place].split(": ")[1]
        assert printed.outlines[place + 1] == f"report: {folder}/report.html"
        assert (sums.path / folder / "report.html").is_file()
