"""Errors never help a score: what is lost never turns a gate green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import CONFIG, record
from support.trust_scale import times

from pytest_hiddenlayer.results.cell_config import CellConfig
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.gate import GateResult, Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.results.regression.snapshot import snapshot_text
from pytest_hiddenlayer.results.regression.snapshot_reader import baseline_from_snapshot, parse_snapshot
from pytest_hiddenlayer.types import Record

UNSCORED = ("error", "empty", "truncated", "refused", "unscored", "skipped")
REDUCERS = ("mean", "median", "mode", "max", "pass_at_k", "pass_hat_k", "pass_at_2", "pass_hat_2")


def records(scores: Sequence[Sequence[float]], must_pass: Sequence[int] = ()) -> list[Record]:
    """A record per epoch of the samples s0, s1, …"""
    return [
        record(f"s{at}", score, epoch=epoch, key=f"s{at}#{epoch}", must_pass=at in must_pass)
        for at, epochs in enumerate(scores)
        for epoch, score in enumerate(epochs, start=1)
    ]


def config(n: int, epochs: int = 1, must_pass: Sequence[int] = (), **settings: Any) -> CellConfig:
    """The cell of n samples."""
    names = tuple(f"s{at}" for at in range(n))
    needed = tuple(names[at] for at in must_pass)
    return replace(CONFIG, total=n, selected=names, epochs=epochs, must_pass=needed, **settings)


def gate(cell: CellMetrics, before: CellMetrics | None, policy: Policy) -> GateResult:
    """The gate of the only cell of a session, against what a snapshot of another run holds."""
    text = None if before is None else snapshot_text(before, None)
    baseline = (
        None if text is None else baseline_from_snapshot(parse_snapshot(text, "s"), "before", "single-scripted-m")
    )
    (result,) = decide_gates([(cell, BaselineLookup(baseline=baseline))], policy)
    return result


@st.composite
def runs(draw: Any) -> tuple[Any, ...]:
    """(cell, old scores, new scores, must_pass, policy, the records that are lost, what they become)"""
    n, epochs = draw(st.sampled_from([(4, 1), (12, 1), (24, 1), (8, 2), (12, 4)]))
    scores = st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=epochs, max_size=epochs), min_size=n, max_size=n)
    old = draw(scores)
    worse = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    new = [[0.0] * epochs if wrong else one for one, wrong in zip(old, worse, strict=True)]
    new = draw(scores) if draw(st.booleans()) else new
    must_pass = draw(st.sampled_from([(), (), (0,)]))
    cell = config(
        n,
        epochs,
        must_pass,
        reducer=draw(st.sampled_from(REDUCERS)) if epochs > 1 else "mean",
        threshold=draw(st.sampled_from([None, None, 0.3, 0.5, 0.8])),
        min_scored=draw(st.sampled_from([0.95, 0.8, 0.0])),
        margin=draw(st.sampled_from([0.0, 0.1])),
    )
    policy = Policy(
        mode=draw(st.sampled_from(["regression", "threshold", "require"])),
        fail_underpowered=draw(st.booleans()),
    )
    lost = draw(st.sets(st.integers(0, n * epochs - 1), min_size=1, max_size=max(1, n * epochs // 3)))
    return cell, old, new, must_pass, policy, lost, draw(st.sampled_from([*UNSCORED, "no record"]))


@settings(max_examples=times(25, 5000))
@given(runs())
def test_a_lost_answer_never_turns_a_gate_green(run: tuple[Any, ...]) -> None:
    """A gate that fails still fails if any of its answers becomes an error, or has no record at all."""
    cell, old, new, must_pass, policy, lost, what = run
    before = compute_metrics(cell, records(old, must_pass))
    whole = records(new, must_pass)
    if what == "no record":
        left = [one for at, one in enumerate(whole) if at not in lost]
    else:
        left = [replace(one, outcome=what, scores={}) if at in lost else one for at, one in enumerate(whole)]
    if gate(compute_metrics(cell, whole), before, policy).outcome == "failed":
        found = gate(compute_metrics(cell, left), before, policy)
        assert found.outcome == "failed", found.message


def lose(whole: Sequence[Record], *names: str, missing: bool = False) -> list[Record]:
    """The records, in which those with these keys are errors, or are `missing`."""
    if missing:
        return [one for one in whole if one.key not in names]
    return [replace(one, outcome="error", scores={}) if one.key in names else one for one in whole]


@pytest.mark.parametrize("missing", [False, True])
def test_a_threshold_is_not_reached_by_losing_wrong_answers(missing: bool) -> None:
    """31 of 40 are below a threshold of 0.8; they still are if two of the nine wrong ones are lost."""
    cell, scores = config(40, threshold=0.8), [[1.0]] * 31 + [[0.0]] * 9
    left = compute_metrics(cell, lose(records(scores), "s38#1", "s39#1", missing=missing))
    assert left.estimate.mean == pytest.approx(31 / 38)
    result = gate(left, None, Policy(mode="threshold"))
    assert result.failures == (
        "not measured: 2 answers have no score; counted as wrong, the score is 0.775, below the threshold 0.8",
    )


def test_a_threshold_that_is_reached_in_spite_of_lost_answers_is_reached() -> None:
    """39 of 40 right and one error: 0.975 at worst, above 0.9."""
    cell = config(40, threshold=0.9)
    metrics = compute_metrics(cell, lose(records([[1.0]] * 40), "s0#1"))
    assert gate(metrics, None, Policy(mode="threshold")).outcome == "passed"
    exact = compute_metrics(replace(cell, threshold=0.975), lose(records([[1.0]] * 40), "s0#1"))
    assert gate(exact, None, Policy(mode="threshold")).outcome == "passed"


@pytest.mark.parametrize("missing", [False, True])
def test_a_must_pass_sample_cannot_lose_its_wrong_epoch(missing: bool) -> None:
    """A must_pass sample that is wrong in one of its epochs is not right without that epoch, or without any."""
    cell = config(40, 2, (0,))
    whole = records([[1.0, 0.0]] + [[1.0, 1.0]] * 39, (0,))
    for lost in (("s0#2",), ("s0#1", "s0#2")):
        result = gate(compute_metrics(cell, lose(whole, *lost, missing=missing)), None, Policy(mode="threshold"))
        assert result.failures == ("must_pass not right: s0",)


@pytest.mark.parametrize("reducer", ["max", "mode", "median", "pass_at_2"])
def test_a_regression_stays_one_whatever_the_reducer(reducer: str) -> None:
    """A regression of 30 samples is red also if a further answer is lost which does not change its sample's score."""
    cell = config(60, 4, reducer=reducer)
    before = compute_metrics(cell, records([[1.0] * 4] * 60))
    whole = records([[0.0] * 4] * 30 + [[1.0] * 4] * 30)
    assert gate(compute_metrics(cell, whole), before, Policy()).outcome == "failed"
    assert gate(compute_metrics(cell, lose(whole, "s0#1", "s59#4")), before, Policy()).outcome == "failed"


def test_a_missing_record_counts_as_wrong_in_the_comparison() -> None:
    """Six newly wrong answers of 100 are a regression; it stays red if the records of two of them are missing."""
    cell = config(100)
    before = compute_metrics(cell, records([[1.0]] * 100))
    whole = records([[0.0]] * 6 + [[1.0]] * 94)
    assert gate(compute_metrics(cell, whole), before, Policy()).failures == ("regressed against before",)
    left = compute_metrics(cell, lose(whole, "s0#1", "s1#1", missing=True))
    assert gate(left, before, Policy()).failures == (
        "not measured: 2 answers have no score now; counted as wrong, the verdict is regressed",
    )


def test_epochs_that_early_stopping_left_out_are_not_missing() -> None:
    """A cell that was decided after two of four epochs has all its answers."""
    cell = replace(config(10, 4, threshold=1.0), stopped_after=2)
    assert gate(compute_metrics(cell, records([[1.0, 1.0]] * 10)), None, Policy()).outcome == "passed"


def test_a_lost_answer_never_raises_the_lower_bound_of_a_sample() -> None:
    """Whatever the reducer, a sample that has lost epochs scores no more at worst than it did with them."""
    for reducer in REDUCERS:
        for scores in ([1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.5, 0.0, 1.0]):
            whole = compute_metrics(config(1, 3, reducer=reducer), records([scores])).samples["s0"]
            for at in (1, 2, 3):
                left = compute_metrics(config(1, 3, reducer=reducer), lose(records([scores]), f"s0#{at}"))
                assert (left.samples["s0"].worst or 0.0) <= (whole.score or 0.0), (reducer, scores, at)
