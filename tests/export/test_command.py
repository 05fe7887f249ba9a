"""`hiddenlayer export`: what it prints, writes and refuses."""

from __future__ import annotations

import json

import pytest
from support.records import record

from pytest_hiddenlayer.cli import main

WRONG = ({"score": "x"}, {"ci95": 3}, {"ci95": ["a", "b"]}, {"usage": []}, {"scorers": {"a": 1}}, {"comparison": "x"})


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a refused export."""
    try:
        status = main(["export", *arguments])
    except SystemExit as stop:
        status = stop.code
    message = capsys.readouterr().err
    assert status == 4, message
    assert "Traceback" not in message
    return message


def test_a_text_is_printed_or_written(runs, capsys):
    """Without --output a text is printed; with it a file is written, and its name is printed."""
    runs.write([record("a", 1.0)])
    assert main(["export", "last", "--to", "csv"]) == 0
    printed = capsys.readouterr().out
    assert main(["export", "on", "--to", "csv", "--output", "new/x.csv"]) == 0
    assert "wrote new/x.csv" in capsys.readouterr().out
    assert (runs.root / "new/x.csv").read_text() == printed


def test_an_existing_file_stays(runs, capsys):
    """It is replaced only with --force."""
    runs.write([record("a", 1.0)])
    (runs.root / "x.csv").write_text("mine")
    assert "--force" in refused(capsys, "--to", "csv", "--output", "x.csv")
    assert (runs.root / "x.csv").read_text() == "mine"
    assert main(["export", "--to", "csv", "--output", "x.csv", "--force"]) == 0
    assert (runs.root / "x.csv").read_text().startswith("record_id,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--to", "csv"], "no run 'nowhere'"),
        (["--to", "cvs"], "did you mean 'csv'"),
        (["--to", "csv", "--output", "reports"], "is a folder; write the name of a file"),
        (["--to", "csv", "--output", "pytest.ini/x"], "cannot be written: "),
        (["--to", "parquet", "--output", "-"], "is not a text; name a file"),
        (["--to", "junit", "--what", "cells"], "has no choice of rows"),
        (["--to", "csv", "--against", "last"], "shows no comparison"),
        (["--to", "latex", "--against", "nowhere"], "nor is there a path or a git ref of this name"),
        (["--to", "inspect", "--output", "x.eval"], "this run has 2 cells; name a folder"),
        (["--to", "inspect", "--output", "pytest.ini/x"], "cannot be written: "),
    ],
)
def test_wrong_input_is_one_sentence(runs, capsys, arguments, message):
    """A run, format or output that does not fit is refused with what to do, and status 4."""
    runs.write([record("a", 1.0), record("b", 1.0, task="u")])
    assert message in refused(capsys, *arguments)


@pytest.mark.parametrize("to", ["csv", "markdown", "latex", "junit", "inspect"])
@pytest.mark.parametrize(
    ("log", "message"),
    [
        ('{"schema": 99}\n{}\n', "schema 99"),
        ("not json\n{}\n", "records.jsonl:1: not a record"),
        ("", "no record"),
    ],
    ids=["schema", "torn", "empty"],
)
def test_a_log_that_cannot_be_read_is_refused(runs, capsys, to, log, message):
    """A run of a later version, a damaged one and an empty one give a message that names the file."""
    run = runs.write([record("a", 1.0)])
    (run.folder / "records.jsonl").write_text(log)
    (run.folder / "summary.json").unlink()
    assert message in refused(capsys, "--to", to, "--output", "x")


def test_a_record_that_was_cut_is_left_out(runs, capsys):
    """The last line of a killed process is incomplete; the records before it are exported."""
    run = runs.write([record("a", 1.0), record("b", 1.0)])
    path = run.folder / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert main(["export", "--to", "jsonl"]) == 0
    assert [json.loads(line)["sample_id"] for line in capsys.readouterr().out.splitlines()] == ["a"]


CELL = {"task": "t", "label": "l", "provider": "p", "model": "m", "score": 1.0, "n": 1}


@pytest.mark.parametrize("cells", [[1], [{"task": "t"}], *([{**CELL, **wrong}] for wrong in WRONG)])
@pytest.mark.parametrize("arguments", [["--to", "markdown"], ["--to", "csv", "--what", "cells"], ["--to", "latex"]])
def test_an_edited_summary_is_refused(runs, capsys, cells, arguments):
    """The message names the file and what to do."""
    run = runs.write([record("a", 1.0)])
    (run.folder / "summary.json").write_text(json.dumps(cells))
    assert "summary.json: c" in refused(capsys, *arguments)


def test_python_returns_text_or_place(runs):
    """`Run.export` returns the text, or the name of what it wrote."""
    run = runs.write([record("a", 1.0)])
    assert run.export("csv").startswith("record_id,")
    assert run.export("csv", "x.csv") == "x.csv"


@pytest.mark.parametrize("to", ["csv", "markdown", "latex", "inspect", "paper"])
def test_an_edited_manifest_is_no_error(runs, to):
    """What the manifest should say and does not is unknown."""
    run = runs.write([record("a", 1.0, transcript=[])], git="x", versions=3, host=[], config="x", seed=None)
    assert run.export(to, "out")
