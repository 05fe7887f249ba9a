"""--hl-adaptive: epochs that cannot change the verdict are skipped."""

from __future__ import annotations

import pytest


@pytest.fixture
def repeated(folder):
    """A folder with a baseline of twelve right answers, and five epochs per sample."""
    folder.task(n=12, epochs=5)
    folder.replies()
    assert folder.run("--snapshot-update", "--epochs", "1").ret == 0
    return folder


def test_a_clear_regression_ends_after_the_first_epoch(repeated):
    """If twelve of twelve answers turn wrong, one epoch decides; the other four are skipped with the reason."""
    repeated.replies(wrong=range(12))
    result = repeated.run("--hl-adaptive")
    result.assert_outcomes(xfailed=12, skipped=48, failed=1)
    result.stdout.fnmatch_lines(
        [
            "verdict: regressed (sequential test, alpha spent over 5 looks, decided after epoch 1)",
            "adaptive: 1 of 1 cells decided early, saved 48 of 60 answers (80%)",
            "SKIPPED*adaptive: regressed was decided after epoch 1 of 5",
        ]
    )
    counts = [len((run / "records.jsonl").read_text().splitlines()) for run in repeated.runs()]
    assert counts == [12, 12]


def test_undecided_cell_runs_all_epochs(repeated):
    """If nothing changed, twelve samples decide nothing: all epochs run, and the verdict says so."""
    result = repeated.run("--hl-adaptive")
    result.assert_outcomes(passed=61)
    result.stdout.fnmatch_lines(["adaptive: 0 of 1 cells decided early, saved 0 of 60 answers (0%)"])


def test_equal_answers_end_early_too(repeated):
    """Equal answers are `same` after the first epochs if min_effect is wide enough."""
    repeated.task(n=12, epochs=5, min_effect=0.9)
    result = repeated.run("--hl-adaptive")
    assert result.parseoutcomes()["skipped"] >= 12
    result.stdout.fnmatch_lines(["sums * same*"])


def test_without_the_option_all_epochs_run(repeated):
    """Without --hl-adaptive every epoch runs."""
    repeated.replies(wrong=range(12))
    repeated.run().assert_outcomes(xfailed=60, failed=1)


def test_snapshot_update_runs_all_epochs(repeated):
    """With --snapshot-update every epoch runs."""
    repeated.replies(wrong=range(12))
    repeated.run("--hl-adaptive", "--snapshot-update").assert_outcomes(xfailed=60, passed=1)


def test_without_a_baseline_all_epochs_run(folder):
    """Without a baseline every epoch runs, and the summary says why nothing was saved."""
    folder.task(n=3, epochs=2)
    folder.replies()
    result = folder.run("--hl-adaptive")
    result.assert_outcomes(passed=6, skipped=1)
    result.stdout.fnmatch_lines(["adaptive: no cell has a baseline and more than one epoch*nothing was saved"])


def test_workers_give_the_same_verdict(repeated):
    """With -n 2 the verdict is the same and no call is made twice; the savings depend on the workers' order."""
    repeated.replies(wrong=range(12))
    result = repeated.run("--hl-adaptive", "-n", "2")
    result.stdout.fnmatch_lines(["verdict: regressed (sequential test, *decided after epoch 1)"])
    counts = result.parseoutcomes()
    assert counts["xfailed"] + counts.get("skipped", 0) == 60
    assert counts["failed"] == 1
