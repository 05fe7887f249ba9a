"""The comparison of two runs, as `hiddenlayer compare` and `hiddenlayer diff` print it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.results.log.run_log import RunLog

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"
EVIL = "s\x1b[2J"


@pytest.fixture
def flipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of one sample that turned wrong. Its id, task, answer and output hold a control sequence."""
    monkeypatch.chdir(tmp_path)
    for run, value in ((OLD, 1.0), (NEW, 0.0)):
        texts = {"task": EVIL, "answer": f"{value}{EVIL}", "output": f"{value}{EVIL}\nend"}
        RunLog(tmp_path, run).append(record(EVIL, value, run_id=run, key="k", **texts))
    return tmp_path


@pytest.mark.parametrize("command", ["compare", "diff"])
def test_control_characters_are_escaped(flipped: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """No text of a record controls the terminal."""
    main([command, OLD, NEW])
    out = capsys.readouterr().out
    assert "newly wrong" in out
    assert "\x1b" not in out
    assert "s\\x1b[2J" in out


def test_the_diff_shows_both_outputs(flipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flipped sample is shown with the changed lines of both outputs."""
    main(["diff", OLD, NEW])
    lines = capsys.readouterr().out.splitlines()
    assert "   -1.0s\\x1b[2J" in lines
    assert "   +0.0s\\x1b[2J" in lines
    assert "    end" in lines
