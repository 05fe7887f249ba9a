"""Runs, snapshots, cassettes and caches that version 0.1.0 wrote still load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.folder import Folder

from pytest_hiddenlayer.results.log.run_log import read_records

STORED = Path(__file__).parent / "0.1.0"
ODD_MODEL = "asked adder-1, the server says that subtractor-1 answered"


@pytest.fixture
def stored(folder: Folder) -> Folder:
    """A copy of the stored folder; its provider must not be called."""
    shutil.copytree(STORED, folder.path, dirs_exist_ok=True)
    shutil.copy(Path(__file__).with_name("conftest_of_user.py"), folder.path / "conftest.py")
    return folder


def test_records_are_read_with_todays_names(stored):
    """`notes` became `answer_metadata`, and the `remarks` of a call `warnings`."""
    records = list(read_records(stored.runs()[0]))
    assert [record.schema for record in records] == [3] * 6
    assert {warning for record in records for call in record.transcript for warning in call["warnings"]} == {
        ODD_MODEL
    }
    assert [record.answer_metadata["vote"]["votes"] for record in records if record.label != "single"] == [
        {"2": 3},
        {"4": 3},
        {"6": 3},
    ]


def test_a_run_is_shown(stored):
    """`runs` lists it and `show` prints its table, its warnings and its wrong answers."""
    (run,) = stored.runs()
    assert run.name in stored.command("runs").outlines[1]
    shown = "\n".join(stored.command("show", run.name).outlines)
    assert ODD_MODEL in shown
    assert "sums::c[single-adder:adder-1]" in shown


def test_a_run_is_resumed(stored):
    """`--resume` reuses every answer."""
    stored.plain("evals", "--provider", "adder", "--resume", stored.runs()[0].name).assert_outcomes(
        passed=6, xfailed=2
    )


def test_a_cassette_is_replayed(stored):
    """`--replay` answers every call, with its warnings."""
    stored.plain("evals", "--provider", "adder", "--replay", "cassettes").assert_outcomes(passed=6, xfailed=2)
    records = list(map(json.loads, _log(stored).read_text().splitlines()))
    assert {warning for record in records for call in record["transcript"] for warning in call["warnings"]} == {
        ODD_MODEL
    }


def test_a_cache_answers(stored):
    """Every equal call is found in the response cache. Version 0.1 sent temperature 0 and top_p 1 unless told."""
    task = stored.path / "evals" / "sums.yaml"
    written = task.read_text().replace("n_samples: 3", "n_samples: 3, temperature: 0.8")
    task.write_text(f"{written}generate: {{temperature: 0, top_p: 1}}\n")
    place = {**os.environ, "HIDDENLAYER_CACHE": str(stored.path), "PYTEST_ADDOPTS": ""}
    command = [
        sys.executable,
        "-m",
        "pytest_hiddenlayer.cli",
        "run",
        "evals",
        "--provider",
        "adder",
        "--cache",
        "all",
    ]
    done = subprocess.run(command, cwd=stored.path, env=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(line) for line in _log(stored).read_text().splitlines()]
    assert [record["cached"] for record in records] == [True] * 6


def test_snapshots_are_compared_with(stored):
    """The gates find their baselines and can use them."""
    printed = stored.plain("evals", "--provider", "adder", "--resume", "last", "--hl-gate=require")
    assert printed.ret == 0
    assert not any("cannot be used" in line for line in printed.outlines)
    assert stored.command("compare", "snapshots", stored.runs()[0].name).ret == 0


def _log(folder: Folder) -> Path:
    """records.jsonl of the run that the test made."""
    (run,) = (run for run in folder.runs() if not (STORED / "reports" / "runs" / run.name).exists())
    return run / "records.jsonl"
