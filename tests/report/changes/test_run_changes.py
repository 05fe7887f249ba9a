"""What the end of a run writes of its changes, for runs of a user's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer.report.page.changes import change_words, changes


def last_run(folder: Folder) -> Path:
    """The folder of the run that ended last; two may have started in one second."""
    return max(folder.runs(), key=lambda run: (run / "changes.json").stat().st_mtime_ns)


def changes_of_last_run(folder: Folder) -> dict[str, Any]:
    """The changes of the run that ended last."""
    found = changes(last_run(folder))
    assert found is not None
    return found


@pytest.fixture
def two_runs(folder: Folder) -> Folder:
    """Two runs of one task; the second one, compared with the first, has s0 and s1 newly wrong and s2 newly right."""
    folder.task(n=6)
    folder.replies(wrong=[2])
    folder.run()
    folder.replies(wrong=[0, 1])
    folder.run("--hl-baseline=last")
    return folder


def test_flips_against_a_run_have_both_sides(two_runs: Folder) -> None:
    """Against a run, a flip has score, answer and output before, and score and answer now."""
    found = changes_of_last_run(two_runs)
    (cell,) = found["cells"]
    assert found["old"] in [f"run {run.name}" for run in two_runs.runs() if run != last_run(two_runs)]
    assert cell["cell"] == ["sums", "single", "scripted", "replies.json"]
    assert [(flip["sample"], flip["kind"]) for flip in cell["flips"]] == [
        ("s0", "newly_wrong"),
        ("s1", "newly_wrong"),
        ("s2", "newly_right"),
    ]
    old, new = cell["flips"][0]["old"], cell["flips"][0]["new"]
    assert (old["score"], old["answer"], old["output"], old["outcome"]) == (1.0, "a0", "a0", "correct")
    assert (new["score"], new["answer"], new["outcome"]) == (0.0, "no", "incorrect")


def test_words_of_the_samples_table(two_runs: Folder) -> None:
    """Each changed sample of a cell has its word; the others have none."""
    cell = ("sums", "single", "scripted", "replies.json")
    assert change_words(changes_of_last_run(two_runs)) == {
        (*cell, "s0"): "newly wrong",
        (*cell, "s1"): "newly wrong",
        (*cell, "s2"): "newly right",
    }
    assert change_words(None) == {}


def test_verdicts_are_those_of_the_gate(two_runs: Folder) -> None:
    """Verdict and comparison are those that the summary states."""
    (cell,) = changes_of_last_run(two_runs)["cells"]
    (summary,) = json.loads((last_run(two_runs) / "summary.json").read_text(encoding="utf-8"))
    assert cell["comparison"] == summary["comparison"]
    assert cell["verdict"] == summary["comparison"]["verdict"]


def test_a_snapshot_has_answers_only(folder: Folder) -> None:
    """Against a snapshot, the answer before is known and its output is not."""
    folder.task(n=3)
    folder.replies()
    folder.run("--snapshot-update")
    folder.replies(wrong=[0])
    folder.run()
    found = changes_of_last_run(folder)
    (cell,) = found["cells"]
    (flip,) = cell["flips"]
    assert found["old"] == "the committed snapshots"
    assert cell["old"]["answers_only"] is True
    assert (flip["old"]["answer"], flip["old"]["output"]) == ("a0", None)


def test_epochs_are_written(folder: Folder) -> None:
    """With epochs, a flip has the scores of all of them, and a sentence on chance."""
    folder.task(n=2, epochs=3)
    folder.replies()
    folder.run()
    folder.replies(wrong=[0])
    folder.run("--hl-baseline=last")
    (flip,) = changes_of_last_run(folder)["cells"][0]["flips"]
    assert (flip["old"]["epoch_scores"], flip["new"]["epoch_scores"]) == ([1.0] * 3, [0.0] * 3)
    assert flip["p_epochs"] == pytest.approx(0.1)
    assert flip["noise"].startswith("3 of 3 epochs right before, 0 of 3 now")


def test_lost_answers_are_named(folder: Folder) -> None:
    """A sample that lost its score is a change, with its outcome now."""
    folder.task(n=4)
    folder.replies()
    folder.run()
    folder.replies(q1={"error": "server said 500"})
    folder.run("--hl-baseline=last")
    (cell,) = changes_of_last_run(folder)["cells"]
    (flip,) = cell["flips"]
    assert (flip["sample"], flip["kind"], flip["new"]["score"], flip["new"]["outcome"]) == (
        "s1",
        "lost",
        None,
        "error",
    )
    assert cell["verdict"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no baseline: make one with --snapshot-update"),
        (("--snapshot-update",), "This run updated the snapshots"),
        (("--hl-gate=off",), "--hl-gate=off uses no baseline"),
        (("--hl-gate=threshold",), "--hl-gate=threshold uses no baseline"),
    ],
)
def test_why_nothing_was_compared(folder: Folder, arguments: tuple[str, ...], said: str) -> None:
    """A run that is compared with nothing says why."""
    folder.task(n=2)
    folder.replies()
    folder.run(*arguments)
    found = changes_of_last_run(folder)
    assert found["cells"] == []
    assert any(said in note for note in found["notes"])


def test_a_partial_run_says_so(two_runs: Folder) -> None:
    """If only some samples were selected, that is said."""
    two_runs.run("--hl-baseline=last", "--hl-limit=2")
    notes = changes_of_last_run(two_runs)["notes"]
    assert "Only some samples of these cells were selected: sums/single/scripted/replies.json." in notes


def test_a_changed_prompt_is_left_out_and_named(two_runs: Folder) -> None:
    """A sample with another prompt is no flip: it is named among those left out."""
    samples = [{"id": f"s{i}", "input": f"q{i}.{' please' * (i == 0)}", "target": f"a{i}"} for i in range(6)]
    two_runs.task(samples=samples)
    two_runs.replies(wrong=[2])
    two_runs.run("--hl-baseline=last")
    (cell,) = changes_of_last_run(two_runs)["cells"]
    assert cell["comparison"]["changed"] == ["s0"]
    assert [flip["sample"] for flip in cell["flips"]] == ["s2", "s1"]


def test_a_torn_file_falls_back_to_the_summary(two_runs: Folder) -> None:
    """Without a readable changes.json, the flips are those that the summary names; without both, a note says why."""
    run = last_run(two_runs)
    (run / "changes.json").write_text('{"old": ')
    found = changes(run)
    assert found is not None
    (cell,) = found["cells"]
    assert [(flip["sample"], flip["kind"]) for flip in cell["flips"]] == [
        ("s0", "newly_wrong"),
        ("s1", "newly_wrong"),
        ("s2", "newly_right"),
    ]
    assert cell["flips"][0]["old"]["score"] is None
    (run / "summary.json").unlink()
    found = changes(run)
    assert found is not None
    assert found["cells"] == []
    assert "changes.json cannot be read" in found["notes"][0]
    (run / "changes.json").unlink()
    assert changes(run) is None
