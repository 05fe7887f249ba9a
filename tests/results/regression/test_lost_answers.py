"""Answers without a score never make a cell look better: in the gate, in a snapshot, in `compare`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import base, record, repeated

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.metrics.cells import CellMetrics
from pytest_hiddenlayer.results.regression.baseline import Baseline
from pytest_hiddenlayer.results.regression.gate import GateResult, Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.results.regression.snapshot import lost_samples, snapshot_path, snapshot_text
from pytest_hiddenlayer.results.regression.snapshot_reader import baseline_from_snapshot, parse_snapshot

RIGHT_THEN_WRONG = [1.0, 1.0, 1.0, 0.0, 0.0]
ONE_RIGHT = [1.0, None, None, None, None]
OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"


def as_baseline(metrics: CellMetrics) -> Baseline:
    """The cell as a later run reads it from its snapshot."""
    return baseline_from_snapshot(parse_snapshot(snapshot_text(metrics, None), "s"), "before", "single-scripted-m")


def gate(now: CellMetrics, before: Baseline | None, **policy: object) -> GateResult:
    """The gate of the only cell of a session."""
    (result,) = decide_gates([(now, BaselineLookup(baseline=before))], Policy(**policy))
    return result


def many(epochs: list[float | None], n: int = 10) -> dict[str, list[float | None]]:
    """n samples with these scores in their epochs."""
    return {f"s{i}": epochs for i in range(n)}


@pytest.mark.parametrize("mode", ["regression", "require", "threshold"])
def test_lost_epochs_fail_min_scored(mode: str) -> None:
    """Ten samples with one scored epoch of five each are 10 of 50 answers, and the gate fails."""
    result = gate(repeated(many(ONE_RIGHT)), as_baseline(repeated(many(RIGHT_THEN_WRONG))), mode=mode)
    assert result.outcome == "failed"
    assert "scored 10 of 50 answers, min_scored is 0.95: not measured (40 error)" in result.message
    assert "n=10 scored of 50 answers, 10 of 10 samples" in result.message
    assert "epochs without a score, left out of their sample's score: s0 4 of 5, s1 4 of 5" in result.message


def test_lost_epochs_count_as_wrong() -> None:
    """With a low min_scored too, 60 % right that fall to 20 % are no improvement, but may be a regression."""
    result = gate(repeated(many(ONE_RIGHT), min_scored=0.0), as_baseline(repeated(many(RIGHT_THEN_WRONG))))
    assert (result.outcome, result.word) == ("failed", "failed")
    assert "40 answers have no score now; counted as wrong, the verdict is regressed" in result.message
    assert result.comparison is not None
    assert result.comparison.verdict != "improved"


def test_losing_wrong_answers_is_no_improvement() -> None:
    """If nothing changed but that half of the wrong answers are lost, the verdict is not `improved`."""
    before = as_baseline(repeated(many([1.0, 1.0, 0.0, 0.0], 20)))
    result = gate(repeated(many([1.0, 1.0, 0.0, None], 20), min_scored=0.5), before)
    assert result.word == "underpowered"
    assert "20 answers have no score now; counted as wrong, the verdict is" in result.message


def test_what_the_baseline_had_lost_is_no_loss() -> None:
    """The same epochs lost on both sides change nothing."""
    cell = repeated(many([1.0, 1.0, 1.0, None], 100), min_scored=0.5)
    assert gate(cell, as_baseline(cell)).word == "same"


def test_an_improvement_that_holds_in_spite_of_lost_answers_is_one() -> None:
    """All wrong before, and right now in all epochs but a lost one: improved."""
    before = as_baseline(repeated(many([0.0, 0.0, 0.0, 0.0])))
    assert gate(repeated(many([1.0, 1.0, 1.0, None]), min_scored=0.5), before).word == "improved"


@pytest.mark.parametrize("per_sample", [1, 4])
def test_right_answers_that_turn_empty_are_red(per_sample: int) -> None:
    """30 % of the right answers turned empty fail the gate, whether or not epochs remain of their samples."""
    right = [1.0] * per_sample
    lost = [None, *right[1:]]
    now = repeated({f"s{i}": lost if i % 10 < 3 else right for i in range(100)}, min_scored=0.5)
    result = gate(now, as_baseline(repeated(many(right, 100))))
    assert result.outcome == "failed"
    assert "30 answers have no score now; counted as wrong, the verdict is regressed" in result.message


def test_a_snapshot_has_the_score_of_each_epoch() -> None:
    """With several epochs, a sample of a snapshot has the scores of the scored ones; with one epoch it has none."""
    cell = repeated({"a": [1.0, None, 0.0], "b": [1.0, 1.0, 1.0], "c": [None, None, None]})
    text = snapshot_text(cell, None)
    assert {name: line["epoch_scores"] for name, line in json.loads(text)["samples"].items()} == {
        "a": [1, 0], "b": [1, 1, 1], "c": [],
    }  # fmt: skip
    read = as_baseline(cell)
    assert [(s.n_scored, s.lost, s.worst) for s in read.samples.values()] == [
        (2, 1, 1 / 3),
        (3, 0, 1.0),
        (0, 3, None),
    ]
    assert "epoch_scores" not in snapshot_text(repeated({"a": [1.0]}), None)


def test_a_snapshot_without_the_scores_of_epochs_is_read() -> None:
    """A snapshot of an earlier version is read; its scores count as those of all epochs."""
    old = json.loads(snapshot_text(repeated(many(RIGHT_THEN_WRONG)), None))
    for line in old["samples"].values():
        del line["epoch_scores"]
    read = baseline_from_snapshot(parse_snapshot(json.dumps(old), "s"), "before", "single-scripted-m")
    assert {(s.score, s.n_scored, s.lost, s.worst) for s in read.samples.values()} == {(0.6, 5, 0, 0.6)}
    assert gate(repeated(many(ONE_RIGHT), min_scored=0.0), read).outcome == "failed"


def test_an_update_keeps_a_line_with_more_scored_epochs() -> None:
    """An outage in some epochs is no measurement either: the old line stays, unless the sample has changed."""
    before = json.loads(snapshot_text(repeated({"a": [1.0, 1.0, 0.0], "b": [1.0, 1.0, 1.0]}), None))
    now = repeated({"a": [None, 0.0, None], "b": [0.0, 0.0, 0.0]})
    assert lost_samples(now, before) == ["a"]
    after = json.loads(snapshot_text(now, before))
    assert after["samples"]["a"] == before["samples"]["a"]
    assert after["samples"]["b"]["epoch_scores"] == [0, 0, 0]
    before["samples"]["a"]["hash"] = "changed"
    assert lost_samples(now, before) == []


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to type commands in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run_of(folder: Path, name: str, values: dict[str, list[float | None]], **settings: object) -> None:
    """A run on disk; with `settings`, also with a summary."""
    log = RunLog(folder, name)
    for sample, scores in values.items():
        for at, one in enumerate(scores):
            log.append(record(sample, one, epoch=at + 1, run_id=name))
    if settings:
        log.write_summary([repeated(values, **settings).to_json()])


@pytest.mark.parametrize("output", [[], ["--markdown"]])
def test_compare_is_as_red_as_the_gate(here: Path, capsys: pytest.CaptureFixture[str], output: list[str]) -> None:
    """30 of 100 answers without a score: `compare` says so, calls nothing fine, and exits with 1."""
    run_of(here, OLD, many([1.0], 100))
    run_of(here, NEW, {f"s{i}": [None if i < 30 else 1.0] for i in range(100)})
    assert main(["compare", OLD, NEW, *output]) == 1
    out = capsys.readouterr().out
    assert "No cell regressed" not in out
    assert "not measured: scored 70 of 100 answers, min_scored is 0.95" in out
    assert "30 answers have no score now; counted as wrong, the verdict is regressed" in out
    assert "Of 1 cell: 1 with too many lost answers; 70 pairs of samples compared." in out


def test_compare_counts_lost_epochs_as_the_gate_does(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the task's own min_scored, which the run's summary has, lost epochs that hide a regression are red."""
    run_of(here, OLD, many(RIGHT_THEN_WRONG))
    run_of(here, NEW, many(ONE_RIGHT), min_scored=0.1)
    assert main(["compare", OLD, NEW, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    (only,) = found["cells"]
    assert (found["regressed"], found["failed"], only["not_measured"]) == (True, True, None)
    assert only["comparison"]["verdict_with_lost"] == "regressed"
    assert only["comparison"]["verdict"] != "improved"


def test_compare_of_snapshots_sees_lost_epochs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two snapshots are compared by the same rules: they hold the number of scored epochs."""
    for folder, values in (("old", many(RIGHT_THEN_WRONG)), ("new", many(ONE_RIGHT))):
        cell = repeated(values)
        write_text(here / folder / snapshot_path(cell.config).relative_to("snapshots"), snapshot_text(cell, None))
    assert main(["compare", "old", "new"]) == 1
    assert "scored 10 of 50 answers" in capsys.readouterr().out


def test_a_run_is_compared_by_its_own_reducer(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary states how the epochs of a run were reduced: pass^k of half-right samples is 0, not 0.5."""
    for name in (OLD, NEW):
        run_of(here, name, many([1.0, 0.0]), reducer="pass_hat_k")
    assert main(["compare", OLD, NEW, "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)["cells"]
    assert only["comparison"]["new"]["score"] == 0.0


def test_a_few_lost_answers_are_tolerated() -> None:
    """One lost epoch of 400 leaves the gate green and the verdict as it was."""
    values = many([1.0] * 4, 100)
    now = repeated(values | {"s0": [1.0, 1.0, 1.0, None]})
    assert gate(now, as_baseline(repeated(values))).word == "same"
    assert gate(now, base(dict.fromkeys(values, 1.0), epochs=4)).outcome == "passed"


def test_early_stopping_does_not_improve_by_lost_answers() -> None:
    """The verdict of the sequential test is held back like the fixed one."""
    from pytest_hiddenlayer.results.regression.cell_comparison import held

    assert held("improved", "regressed") == held("same", "regressed") == held("improved", "same") == "underpowered"
    assert held("improved", "improved") == "improved"
    assert held("regressed", "regressed") == "regressed"
    assert held("same", None) == "same"
    assert replace(repeated(many(ONE_RIGHT)).config, stopped_after=1).planned_answers == 10
