"""`hiddenlayer label` and `review` in the terminal: keys, empty input, and the project's root."""

from __future__ import annotations

import io
import json

import pytest

from pytest_hiddenlayer.cli import main


@pytest.fixture
def label(sums, monkeypatch, capsys):
    """`label(TEXT)` rates the answers of the last run with this input; returns (status, output, labels)."""
    assert sums.run().ret == 0
    (sums.path / "evals" / "deep").mkdir()
    monkeypatch.chdir(sums.path / "evals" / "deep")

    def typed(text: str) -> tuple[int, str, list[dict]]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status = main(["label", "last", "--kind", "rating", "--rater", "ann"])
        file = sums.path / "reports" / "labels.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return status, capsys.readouterr().out, [json.loads(line) for line in lines]

    return typed


@pytest.mark.parametrize("text", ["", "\n", "\n\n \n", "q\n", "Q\n"])
def test_nothing_is_labelled_without_an_answer(label, text):
    """The end of input, empty lines and q label nothing, and the session ends in order."""
    status, out, labels = label(text)
    assert status == 0
    assert labels == []
    assert "0 answered now, 3 left" in out


def test_labels_lie_in_the_root_s_reports(label):
    """From a sub folder `last` is the project's last run, and labels go to the root's reports."""
    status, out, labels = label("5 quite right\ns\nS\n")
    assert status == 0
    assert len(labels) == 1
    assert "1 answered now, 2 left" in out
