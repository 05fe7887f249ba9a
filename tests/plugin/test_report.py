"""report.html and --html."""

from __future__ import annotations

import html
import json
import re
from types import SimpleNamespace

import pytest

from pytest_hiddenlayer.plugin.reporting.html import HtmlReport

EVIL = "<script>alert(1)</script>"


def rows(text):
    """pytest-html keeps its rows as JSON inside the page: test id → row."""
    blob = re.search(r'data-jsonblob="([^"]*)"', text)[1]
    return json.loads(html.unescape(blob))["tests"]


@pytest.fixture(scope="module")
def page(shared):
    """The report of a run whose sample ids, prompts, targets and answers hold markup."""
    shared.task(
        samples=[
            {"id": f"evil{EVIL}", "input": f"q0. {EVIL}", "target": EVIL},
            {"id": "good", "input": "q1.", "target": "a1"},
        ],
    )
    shared.replies(q0={"reply": f"no {EVIL}"})
    shared.run("--hl-gate=off")
    (run,) = shared.runs()
    return (run / "report.html").read_text(encoding="utf-8")


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
    folder.run()
    (run,) = folder.runs()
    (found,) = (
        value for name, value in rows((run / "report.html").read_text(encoding="utf-8")).items() if "gate" in name
    )
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


def test_html_elsewhere(sums, workers):
    """--html PATH is respected: the report is written there, and none into the run's folder."""
    sums.run("--html=out/mine.html", "--self-contained-html", *workers)
    (run,) = sums.runs()
    assert not (run / "report.html").exists()
    text = (sums.path / "out/mine.html").read_text(encoding="utf-8")
    assert len(rows(text)) == 4
    assert "<h2>Cells</h2>" in text


def test_every_item_and_gate_is_in_it(sums, workers):
    """The report in the run's folder holds each item and the gate once, with workers too."""
    sums.run(*workers)
    (run,) = sums.runs()
    found = rows((run / "report.html").read_text(encoding="utf-8"))
    assert sorted(name.split("::")[1].split("[")[0] for name in found) == ["gate", "s0", "s1", "s2"]


def test_without_pytest_html(sums):
    """Without pytest-html everything else works, and no report is written."""
    result = sums.run("-p", "no:html")
    result.assert_outcomes(passed=3, skipped=1)
    (run,) = sums.runs()
    assert not (run / "report.html").exists()


def test_without_xdist(sums):
    """Without xdist everything works."""
    sums.run("-p", "no:xdist").assert_outcomes(passed=3, skipped=1)
