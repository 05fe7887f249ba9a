"""--snapshot-update."""

from __future__ import annotations

import json
import re

import pytest

FIELDS = [
    "schema",
    "task",
    "task_hash",
    "strategy",
    "strategy_params",
    "provider",
    "model",
    "seed",
    "epochs",
    "scorer",
    "n",
    "score",
    "stderr",
    "ci95",
    "usage",
    "cost_usd",
    "samples",
]


def test_file_and_layout(sums, workers):
    """--snapshot-update writes snapshots/<task>/<cell>.json: sorted keys, one line per sample, no times."""
    sums.replies(wrong=[1])
    result = sums.run("--snapshot-update", *workers)
    assert result.ret == 0
    path = sums.snapshot()
    assert path.name == "single-scripted-replies.json.json"
    text = path.read_text()
    content = json.loads(text)
    assert list(content) == sorted(FIELDS)
    assert [line.split(":")[0].strip() for line in text.splitlines() if line.startswith("    ")] == [
        '"s0"',
        '"s1"',
        '"s2"',
    ]
    assert content["score"] == 0.666667
    assert content["samples"]["s1"] | {"hash": ""} == {
        "score": 0.0,
        "outcome": "incorrect",
        "answer": "no",
        "hash": "",
    }
    assert not re.search(r"20\d\d-|20\d{6}T|started|latency|/", text.replace("exact/2", ""))


def test_rerun_writes_the_same_bytes(sums):
    """A second run with the same answers writes the same bytes, with workers too."""
    sums.run("--snapshot-update")
    before = sums.snapshot().read_bytes()
    sums.run("--snapshot-update", "-n", "2")
    assert sums.snapshot().read_bytes() == before


def test_partial_run_updates_only_its_samples(sums):
    """A run of one sample updates the line of that sample only."""
    sums.run("--snapshot-update")
    before = sums.snapshot().read_text().splitlines()
    sums.replies(wrong=[0, 1, 2])
    sums.run("--snapshot-update", "-k", "s1")
    after = sums.snapshot().read_text().splitlines()
    changed = [new.split(":")[0].strip() for old, new in zip(before, after, strict=True) if old != new]
    assert [name for name in changed if name.startswith('"s')] == ['"s1"', '"score"', '"stderr"']


def test_uncollected_cell_is_kept(sums):
    """The snapshot of a cell that was not collected is neither deleted nor reported as unused."""
    sums.run("--snapshot-update", "--strategy", "self_consistency:n_samples=2")
    result = sums.run("--snapshot-update")
    assert len(list((sums.path / "snapshots/sums").iterdir())) == 2
    assert "unused" not in result.stdout.str()


def test_plain_run_does_not_warn_about_snapshots(sums):
    """A run without --snapshot-update neither fails nor warns because of snapshots that it did not read."""
    sums.run("--snapshot-update")
    before = sums.snapshot().read_bytes()
    sums.replies(wrong=[0])
    sums.write("test_plain.py", "def test_plain(): pass\n")
    result = sums.run("test_plain.py")
    assert result.ret == 0
    assert "snapshot" not in result.stdout.str()
    assert sums.snapshot().read_bytes() == before


def test_plain_run_writes_none(sums):
    """A run without --snapshot-update writes no snapshot."""
    sums.run()
    assert not (sums.path / "snapshots").exists()


def test_interrupted_run_writes_none(sums):
    """A run that is interrupted from the keyboard writes no snapshot, and exits with status 2."""
    sums.write(
        "conftest.py",
        "def pytest_runtest_teardown(item):\n    if item.name.startswith('s1'):\n        raise KeyboardInterrupt\n",
    )
    result = sums.run("--snapshot-update")
    assert result.ret == 2
    assert not (sums.path / "snapshots").exists()


@pytest.mark.parametrize("lost", [{"reply": " "}, {"error": "the server said 500"}], ids=["empty", "error"])
def test_an_outage_does_not_replace_scores(sums, workers, lost):
    """A sample that has no score now keeps its line, others are updated, and the run says how many were kept."""
    sums.run("--snapshot-update")
    before = json.loads(sums.snapshot().read_text(encoding="utf-8"))
    sums.replies(wrong=[0], q1=lost, q2=lost)
    result = sums.run("--snapshot-update", *workers)
    result.stdout.fnmatch_lines(["snapshot of sums?single-scripted*: kept 2 lines of lost answers: s1, s2"])
    now = json.loads(sums.snapshot().read_text(encoding="utf-8"))
    assert [now["samples"][name] for name in ("s1", "s2")] == [before["samples"][name] for name in ("s1", "s2")]
    assert now["samples"]["s0"]["score"] == 0.0
    assert (now["n"], now["usage"]) == (3, None)


def test_a_sample_without_a_score_before_has_none_after(sums):
    """A line without a score is replaced; a removed sample leaves the snapshot all the same."""
    sums.replies(q1={"reply": " "})
    sums.run("--snapshot-update", "--hl-gate=off")
    sums.replies(q0={"reply": " "}, q1={"reply": " "})
    sums.task(n=2)
    result = sums.run("--snapshot-update")
    result.stdout.fnmatch_lines(["*kept 1 line of lost answers: s0"])
    samples = json.loads(sums.snapshot().read_text(encoding="utf-8"))["samples"]
    assert {name: line["score"] for name, line in samples.items()} == {"s0": 1.0, "s1": None}


def test_the_command_keeps_scores_too(sums):
    """`hiddenlayer run --snapshot-update` keeps and reports as pytest does."""
    sums.command("run", "--provider", "scripted:replies.json", "--snapshot-update")
    before = sums.snapshot().read_text(encoding="utf-8")
    sums.replies(q0={"reply": ""}, q1={"reply": ""}, q2={"reply": ""})
    result = sums.command("run", "--provider", "scripted:replies.json", "--snapshot-update")
    result.stdout.fnmatch_lines(["*kept 3 lines of lost answers: s0, s1, s2"])
    assert sums.snapshot().read_text(encoding="utf-8") == before


def test_stopped_run_updates_what_it_ran(sums):
    """With -x the snapshot contains the samples up to the failure."""
    sums.replies(wrong=[1])
    sums.run("--snapshot-update", "-x", "--hl-strict")
    assert list(json.loads(sums.snapshot().read_text())["samples"]) == ["s0", "s1"]


def test_syrupy_counts_the_file(sums):
    """syrupy's own line says that one snapshot was written; the next time, that one is up to date."""
    sums.run("--snapshot-update").stdout.fnmatch_lines(["*1 snapshot generated*"])
    sums.run("--snapshot-update").stdout.fnmatch_lines(["*1 snapshot passed*"])


def test_update_judges_the_threshold(folder):
    """With --snapshot-update a score below the threshold still fails; the snapshot is written."""
    folder.task(threshold=1.0)
    folder.replies(wrong=[0])
    assert folder.run("--snapshot-update").ret == 1
    assert folder.snapshot().is_file()


def test_update_does_not_compare(folder):
    """With --snapshot-update a regression does not fail: the new answers become the baseline."""
    folder.task(n=5)
    folder.replies()
    folder.run("--snapshot-update")
    folder.replies(wrong=[0, 1, 2, 3, 4])
    assert folder.run("--snapshot-update").ret == 0


def test_a_run_that_stopped_at_a_failure_keeps_the_other_samples(folder):
    """With -x the lines of samples that were not reached do not change."""
    folder.replies()
    folder.task(n=4)
    folder.run("--snapshot-update")
    folder.replies(wrong=[1])
    folder.run("--snapshot-update", "-x", "--hl-strict")
    samples = json.loads(folder.snapshot().read_text(encoding="utf-8"))["samples"]
    assert {name: sample["outcome"] for name, sample in samples.items()} == {
        "s0": "correct",
        "s1": "incorrect",
        "s2": "correct",
        "s3": "correct",
    }
