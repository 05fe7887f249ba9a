"""A run of very many answers has a page that holds some of each cell, and says so."""

from __future__ import annotations

import html
from collections import Counter
from pathlib import Path

import pytest
from support.records import record
from support.report_pages import run_folder

from pytest_hiddenlayer.report import page_limit
from pytest_hiddenlayer.report.page.log_reader import LogReader
from pytest_hiddenlayer.report.page.run_files import read_run_files
from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.report.page_limit import PageRecords

RECORDS = [
    record(f"s{at}", 1.0, label=label, strategy=label) for label, n in (("first", 8), ("last", 3)) for at in range(n)
]


def shown(folder: Path, limit: int) -> tuple[Counter[str], list[str]]:
    """Strategy → records of the page, and what is said of the others."""
    records = PageRecords(LogReader(folder=folder), read_run_files(folder).cells, limit)
    counts = Counter(logged.record.label for logged in records)
    return counts, [notice["text"] for notice in records.notices("run")]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(11, {"first": 8, "last": 3}), (10, {"first": 5, "last": 3}), (4, {"first": 2, "last": 2})],
)
def test_a_large_run_shows_some_of_each_cell(tmp_path: Path, limit: int, expected: dict[str, int]) -> None:
    """If a page cannot hold all records, no cell takes the place of another; what is left out is said."""
    counts, said = shown(run_folder(tmp_path, RECORDS), limit)
    assert counts == expected
    assert [f"shows {sum(expected.values())} of the 11 answers" in text for text in said] == [True] * (limit < 11)


def test_a_large_run_without_a_summary_shows_its_first_records(tmp_path: Path) -> None:
    """Of a run that was killed nobody knows the cells: the page shows the first answers and claims no more."""
    folder = run_folder(tmp_path, RECORDS)
    (folder / "summary.json").unlink()
    counts, (said,) = shown(folder, 9)
    assert counts == {"first": 8, "last": 1}
    assert "shows 9 answers of this run, the first ones:" in said
    assert "Scores, costs and calls are those of the answers shown" in said


def test_the_page_says_what_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page itself has the sentence, with the commands that show the rest; scores are those of all answers."""
    monkeypatch.setattr(page_limit, "MAX_RECORDS", 4)
    page = html.unescape(write_run_page(run_folder(tmp_path, RECORDS)).read_text(encoding="utf-8"))
    assert "This page shows 4 of the 11 answers of this run, the first ones of every cell" in page
    assert "`hiddenlayer show run --sample ID`" in page
    assert '<td class="number">8 of 8</td>' in page
