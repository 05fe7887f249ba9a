"""Samples, calls and cells as CSV, JSONL and Parquet, and cells as Markdown."""

from __future__ import annotations

import csv
import io
import json
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError

from .conftest import HARD, debate_record


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_the_columns_of_the_frame(hard):
    """`samples.csv` and `samples_df()` have the same columns and the same rows."""
    rows = rows_of(hard.export("csv"))
    assert list(rows[0]) == list(hard.samples_df().columns)
    assert [row["sample_id"] for row in rows[1:]] == ["failed", "s0"]
    assert [row["score"] for row in rows] == ["0.0", "", "1.0"]


def test_csv_reads_back_any_text(hard):
    """Quotes, bars, line ends and characters of any script survive; what CSV cannot hold becomes its escape."""
    (row, *_) = rows_of(hard.export("csv"))
    assert row["output"] == HARD.replace("\0", "\\x00")


@pytest.mark.parametrize(
    ("text", "written"),
    [*((text, f"'{text}") for text in ("=1+1", "+cmd", "-x", "@SUM(A1)")), ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1")],
)
def test_csv_cells_are_no_formulas(runs, text, written):
    """A text that a spreadsheet would run begins with an apostrophe."""
    run = runs.write([record("s", 1.0, output=text, metadata={text: text})])
    (row,) = rows_of(run.export("csv"))
    assert (row["output"], row[f"metadata_{written[1:]}"]) == (written, written)


@pytest.mark.parametrize("text", ["-17", "+3.5"])
def test_csv_keeps_numbers(runs, text):
    """An answer that is a negative number stays one."""
    (row,) = rows_of(runs.write([record("s", 1.0, output=text)]).export("csv"))
    assert row["output"] == text


def test_jsonl_has_every_column_in_every_line(hard):
    """A missing value is null, never 0; calls join to samples."""
    samples = [json.loads(line) for line in hard.export("jsonl").splitlines()]
    calls = [json.loads(line) for line in hard.export("jsonl", what="calls").splitlines()]
    assert {len(sample) for sample in samples} == {len(samples[0])}
    assert samples[1]["score"] is None
    assert samples[0]["output"] == HARD.replace("\ud800", "\\ud800")
    assert [call["record_id"] for call in calls] == ["one/1", *["one/2"] * 4]
    assert [call["scoring"] for call in calls] == [False, False, False, False, True]


def test_cells_have_intervals(runs):
    """`--what cells` has a row per cell with score, interval and counts."""
    run = runs.scored({"single": 5, "debate": 20})
    cells = [json.loads(line) for line in run.export("jsonl", what="cells").splitlines()]
    assert [(cell["strategy"], cell["score"], cell["n"]) for cell in cells] == [
        ("single", 0.25, 20),
        ("debate", 1.0, 20),
    ]
    assert cells[0]["ci95_low"] < 0.25 < cells[0]["ci95_high"]
    assert [cell["outcome_incorrect"] for cell in cells] == [15, 0]


def test_parquet_has_types(runs, tmp_path):
    """Numbers stay numbers, an unknown column of numbers too; lists and mixed values become JSON."""
    run = runs.write(
        [
            record("a", 1.0, cost_usd=None, metadata={"mixed": 1, "list": [1, 2]}, output="\ud800"),
            record("b", None, cost_usd=None, metadata={"mixed": "x", "list": None, "big": 2**70}),
        ]
    )
    path = run.export("parquet", tmp_path / "x.parquet")
    table = pq.read_table(path)
    types = {name: str(kind) for name, kind in zip(table.column_names, table.schema.types, strict=True)}
    chosen = ("score", "epoch", "cost_usd", "cached", "metadata_list", "metadata_mixed", "metadata_big")
    assert [types[name] for name in chosen] == ["double", "int64", "double", "bool", "string", "string", "string"]
    assert table.column("metadata_mixed").to_pylist() == ["1", "x"]
    assert table.column("cost_usd").to_pylist() == [None, None]
    assert list(pd.read_parquet(path)["output"]) == ["\\ud800", "o"]


def test_parquet_needs_pyarrow(runs, monkeypatch):
    """Without it the message names the extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'pytest-hiddenlayer\[parquet\]'"):
        runs.write([record("a", 1.0)]).export("parquet")


def test_markdown_shows_any_name_as_it_is(hard):
    """A cell of the table is one cell, whatever its task is called; unknown values are `?`."""
    header, _, *rows = [line for line in hard.export("markdown").splitlines() if line.startswith("|")]
    assert [len(row.replace("\\|", "").split("|")) for row in rows] == [len(header.split("|"))] * len(rows)
    assert rows[0].startswith(
        "| <code>a&#95;b&#38;c%</code> | single | <code>scripted&#58;org/m&#95;1</code> | 1/2 |"
    )


def test_markdown_escapes_only_what_it_must(runs):
    """Names with hyphens are written as they are: `nano-2`, not `nano\\-2`."""
    text = runs.write([record("a", 1.0, task="long-sums", model="nano-2")]).export("markdown")
    assert "| long-sums | single | scripted:nano-2 |" in text


def test_a_run_without_summary_has_cells(runs):
    """The cells of an interrupted run are computed from its records."""
    run = runs.write([record("a", 1.0), record("b", 0.0), debate_record(task="t")])
    (run.folder / "summary.json").unlink()
    assert [row["score"] for row in rows_of(run.export("csv", what="cells"))] == ["0.5", "1.0"]
