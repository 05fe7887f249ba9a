"""pytest --html FILE."""

from __future__ import annotations

import html
import json
import re
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from pytest_hiddenlayer.plugin.reporting.html import HtmlReport
from pytest_hiddenlayer.report.html import run_link_html

EVIL = "<script>alert(1)</script>"


def rows(text):
    """pytest-html keeps its rows as JSON inside the page: test id → row."""
    blob = re.search(r'data-jsonblob="([^"]*)"', text)[1]
    return json.loads(html.unescape(blob))["tests"]


def written(folder, *arguments, path="out/mine.html"):
    """Run the folder's evals with --html, and return the text of that file."""
    folder.run(f"--html={path}", "--self-contained-html", *arguments)
    return (folder.path / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(shared):
    """What --html writes of a run whose sample ids, prompts, targets and answers hold markup."""
    shared.task(
        samples=[
            {"id": f"evil{EVIL}", "input": f"q0. {EVIL}", "target": EVIL},
            {"id": "good", "input": "q1.", "target": "a1"},
        ],
    )
    shared.replies(q0={"reply": f"no {EVIL}"})
    return written(shared, "--hl-gate=off")


def test_columns(page):
    """The report has the columns score, cost, tokens and latency, filled for each item."""
    found = next(value for name, value in rows(page).items() if "good" in name)[0]["resultsTableRow"]
    shown = re.sub(r'<i data-sort="[^"]*"></i>', "", "".join(found))
    assert '<td class="col-score">1.0</td>' in shown
    assert '<td class="col-cost">0.0</td>' in shown
    assert '<td class="col-tokens">1 in, 1 out</td>' in shown
    assert 'class="col-latency"' in shown


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        ("latency", [0.5, 1.616, 1.666, 10.028, 100.0]),
        ("tokens", [2, 9, 10, 99, 100, 12345]),
        ("cost", [0.0, 0.00001, 0.002, 1.5, 20.0]),
        ("score", [0.0, 0.05, 0.5, 1.0]),
    ],
)
def test_columns_sort_by_number(column, numbers):
    """pytest-html compares a column's HTML as text; in that order the numbers ascend, and unknown ones come first."""

    def sorted_as(number):
        values = dict.fromkeys(("hl.score", "hl.cost_usd", "hl.latency_s"), number) | {"hl.output_tokens": "0"}
        values["hl.input_tokens"] = "unknown" if number == "unknown" else str(number)
        report = SimpleNamespace(nodeid="x", when="call", user_properties=list(values.items()))
        cells = ["", "", ""]
        HtmlReport(config=None).pytest_html_results_table_row(report, cells)
        (cell,) = (cell for cell in cells if f"col-{column}" in cell)
        return re.search(r"<td.*?>(.*?)</td>", cell)[1]  # as pytest-html reads it

    keys = [sorted_as("unknown"), *(sorted_as(str(number)) for number in numbers)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_a_skipped_gate_is_a_sentence(folder):
    """The row of a skipped gate or sample has its reason, not the tuple that pytest keeps."""
    folder.task()
    folder.replies()
    (found,) = (value for name, value in rows(written(folder)).items() if "gate" in name)
    assert found[0]["log"].startswith("Skipped: no baseline: make one with --snapshot-update")


def test_transcript_is_folded(page):
    """Each item's row contains its folded transcript, with prompt and answer."""
    log = next(value for name, value in rows(page).items() if "good" in name)[0]["log"]
    assert "<details>" in log
    assert "q1." in log
    assert "a1" in log


def test_everything_is_escaped(page):
    """Markup in ids, prompts, targets and answers never reaches the page as markup."""
    assert EVIL not in page
    for row in (row for found in rows(page).values() for row in found):
        assert EVIL not in "".join(row["resultsTableRow"])
        assert EVIL not in row["log"]
    assert html.escape(EVIL) in "".join(row["log"] for found in rows(page).values() for row in found)


def test_table_of_cells(page):
    """The table of cells is above the items."""
    assert "<h2>Cells</h2>" in page
    assert "scripted:replies.json" in page


def test_every_item_and_gate_is_in_it(sums, workers):
    """The file holds each item and the gate once, with workers too, and the table of cells."""
    text = written(sums, *workers)
    assert sorted(name.split("::")[1].split("[")[0] for name in rows(text)) == ["gate", "s0", "s1", "s2"]
    assert "<h2>Cells</h2>" in text


WRITE_PAGE = """
from pathlib import Path

def pytest_sessionfinish(session):
    (run,) = Path("reports/runs").glob("*")
    (run / "report.html").write_text("the page")
"""


@pytest.mark.parametrize("path", ["mine.html", "out/a b/mine.html"])
def test_it_links_to_the_report_of_the_run(sums, path):
    """The summary has a relative link to the report of the run, which stays right if both are moved together."""
    sums.write("conftest.py", WRITE_PAGE)
    text = written(sums, path=path)
    (run,) = sums.runs()
    (address,) = re.findall(r'<a href="([^"]*)">The report of this run</a>', text)
    assert not address.startswith(("/", "file:"))
    target = ((sums.path / path).parent / unquote(address)).resolve()
    assert target == (run / "report.html").resolve()


def test_links_are_quoted(tmp_path):
    """Characters of a path that mean something in an address or in HTML are quoted."""
    link = run_link_html(tmp_path / 'a"b#c?d:e' / "report.html", tmp_path)
    assert 'href="a%22b%23c%3Fd%3Ae/report.html"' in link


@pytest.mark.parametrize("arguments", [(), ("-p", "no:html")], ids=["installed", "switched off"])
def test_without_the_option_pytest_html_writes_nothing(sums, arguments):
    """Without --html nothing is written by pytest-html and no such file is announced; the run is the same."""
    result = sums.run(*arguments)
    result.assert_outcomes(passed=3, skipped=1)
    assert "html report" not in result.stdout.str()
    (run,) = sums.runs()
    report = run / "report.html"
    assert not report.exists() or "pytest-html" not in report.read_text(encoding="utf-8")
    assert not (sums.path / "assets").exists()


def test_a_file_that_cannot_be_written_fails_the_run(sums):
    """If --html names a folder, the table is printed, one sentence names the path, and the run fails."""
    (sums.path / "there").mkdir()
    result = sums.run("--html=there")
    assert result.ret == 1
    text = result.stdout.str()
    assert "INTERNALERROR" not in text
    assert "3/3" in text
    assert len(re.findall(r"the report \S*there could not be written: Is a directory", text)) == 1


def test_without_xdist(sums):
    """Without xdist everything works."""
    sums.run("-p", "no:xdist").assert_outcomes(passed=3, skipped=1)
