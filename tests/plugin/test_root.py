"""pytest finds snapshots and runs in the project's root, wherever it is started."""

from __future__ import annotations

import pytest


@pytest.fixture
def gated(folder):
    """A folder without an ini file, whose snapshots have only right answers and whose script gives wrong ones."""
    folder.task(n=12)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    folder.replies(wrong=range(12))
    return folder


def test_started_inside_evals_it_finds_the_snapshots_above(gated):
    """`pytest sums.yaml` inside evals/ uses ../snapshots as the baseline, and writes its run to ../reports."""
    printed = gated.pytest("sums.yaml", "--provider", "scripted:../replies.json", cwd="evals")
    assert printed.ret == 1
    assert any("regressed against" in line for line in printed.outlines)
    assert len(gated.runs()) == 2
    assert not (gated.path / "evals" / "reports").exists()


def test_the_printed_folder_can_be_opened_from_where_pytest_was_started(gated):
    """The last line names the run's folder relative to the current one."""
    printed = gated.pytest("sums.yaml", "--provider", "scripted:../replies.json", cwd="evals")
    line = next(line for line in printed.outlines if line.startswith("run "))
    assert (gated.path / "evals" / line.split(": ")[1] / "records.jsonl").is_file()
