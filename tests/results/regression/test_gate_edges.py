"""Gates at the edge: values that are exactly a limit, one answer, one cell of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.records import CONFIG, base, cell, repeated

from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.regression.compare_runs import compare_references
from pytest_hiddenlayer.results.regression.gate_checks import (
    min_scored_failures,
    must_pass_failures,
    threshold_failures,
)
from pytest_hiddenlayer.results.regression.references import BaselineLookup, find_baseline, open_reference
from pytest_hiddenlayer.results.regression.snapshot import snapshot_path, snapshot_text


def lookup(root: Path, reference: str | None, **config: object) -> BaselineLookup:
    """The baseline of a cell below `root`."""
    return find_baseline(replace(CONFIG, **config), open_reference(reference, root=root, cwd=root, current_run="now"))


def commit(root: Path, values: dict[str, float | None], **config: object) -> None:
    """The snapshot of a cell below `root`."""
    found = cell(values, **config)
    write_text(root / snapshot_path(found.config), snapshot_text(found, None))


@pytest.mark.parametrize(("pass_score", "failures"), [(0.5, []), (0.51, ["must_pass not right: a"])])
def test_a_must_pass_sample_with_a_lost_epoch_may_just_be_right(pass_score: float, failures: list[str]) -> None:
    """One right and one lost epoch are 0.5 if the lost one was wrong: right from 0.5 on."""
    metrics = repeated({"a": [1.0, None]}, pass_score=pass_score, must_pass=("a",))
    assert must_pass_failures(metrics) == failures


@pytest.mark.parametrize(
    ("lost", "threshold", "said"),
    [
        (1, 0.75, None),
        (
            1,
            0.76,
            "not measured: 1 answer has no score; counted as wrong, the score is 0.750, below the threshold 0.76",
        ),
        (
            2,
            0.75,
            "not measured: 2 answers have no score; counted as wrong, the score is 0.500, below the threshold 0.75",
        ),
    ],
)
def test_a_threshold_is_reached_exactly(lost: int, threshold: float, said: str | None) -> None:
    """Three of four right answers reach 0.75 if the lost one was wrong."""
    values: dict[str, float | None] = {f"s{at}": None if at < lost else 1.0 for at in range(4)}
    assert threshold_failures(cell(values, threshold=threshold)) == ([said] if said else [])
    assert threshold_failures(cell({"a": 1.0, "b": 0.5}, threshold=threshold)) == (
        [] if threshold == 0.75 else ["score 0.750 is below the threshold 0.76"]
    )


def test_min_scored_is_reached_exactly() -> None:
    """19 of 20 scored answers are 95 %."""
    values: dict[str, float | None] = {f"s{at}": None if at == 0 else 1.0 for at in range(20)}
    assert min_scored_failures(cell(values, min_scored=0.95)) == []
    assert min_scored_failures(cell(values, min_scored=0.951)) == [
        "scored 19 of 20 answers, min_scored is 0.951: not measured (1 error)"
    ]


@pytest.mark.parametrize(("known", "partial"), [(19, False), (18, True)])
def test_a_baseline_may_just_be_complete(known: int, partial: bool) -> None:
    """A baseline with 19 of 20 samples is compared under min_scored 0.95; with 18 it is partial."""
    from pytest_hiddenlayer.results.regression.gate import Policy, decide_gates

    now = cell({f"s{at}": 1.0 for at in range(20)})
    (result,) = decide_gates([(now, BaselineLookup(baseline=base({f"s{at}": 1.0 for at in range(known)})))], Policy())
    said = f"the baseline is partial: {known} of 20 scored samples could be compared ({20 - known} are not in it"
    assert (said in result.message) is partial


def test_one_regressed_cell_of_two_makes_the_runs_regressed(tmp_path: Path) -> None:
    """The other cell is as before."""
    sides = []
    for side, score in (("old", 1.0), ("new", 0.0)):
        commit(tmp_path / side, {f"s{at}": 1.0 for at in range(20)})
        commit(tmp_path / side, {f"s{at}": score for at in range(20)}, label="debate", params="debate-scripted")
        sides.append(open_reference(f"{side}/snapshots", root=tmp_path, cwd=tmp_path, current_run="now"))
    found = compare_references(*sides)
    verdicts = [pair.comparison.verdict for pair in found.cells if pair.comparison]
    assert sorted(verdicts) == ["regressed", "underpowered"]
    assert found.regressed
    assert not compare_references(sides[0], sides[0]).regressed


def test_a_baseline_of_another_model_with_the_same_short_name_is_named(tmp_path: Path) -> None:
    """Snapshots hold the full name of a model: a/llama is not b/llama, although both are called llama in files."""
    commit(tmp_path, {"a": 1.0}, model="a/llama", slug="llama")
    same = lookup(tmp_path, None, model="a/llama", slug="llama").baseline
    other = lookup(tmp_path, None, model="b/llama", slug="llama").baseline
    assert same is not None
    assert other is not None
    assert (same.warning, other.warning) == ("", "the baseline is from another model: scripted:a/llama")


def test_a_missing_cell_of_a_reference_names_those_that_exist(tmp_path: Path) -> None:
    """The similar one is suggested; a task without any cell is said to have none."""
    commit(tmp_path / "old", {"a": 1.0}, label="debate", params="debate-scripted")
    found = lookup(tmp_path, "old/snapshots", label="debat").missing
    assert found is not None
    assert "no baseline: old/snapshots has no cell t/debat-scripted-m; it has" in found
    assert "did you mean" in found.lower()
    other = lookup(tmp_path, "old/snapshots", task="u").missing
    assert other is not None
    assert "has no cell u/single-scripted-m; it has no cell of this task" in other
