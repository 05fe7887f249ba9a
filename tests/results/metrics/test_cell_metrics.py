"""Metrics of a cell: scores, usage, cost and time from its records."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.records import CONFIG, cell, record

from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records


def test_errors_are_counted_beside_the_mean():
    """A failed call has no score: n scored of n selected."""
    found = cell({"a": 1.0, "b": None, "c": 0.0})
    assert (found.estimate.n, found.n_selected, found.estimate.mean) == (2, 3, 0.5)
    assert found.outcomes["error"] == 1


def test_unknown_cost_stays_unknown():
    """One record of unknown price makes the cell's cost unknown; free ones make it 0."""
    records = [record("a", 1.0), record("b", 1.0, cost_usd=None)]
    assert compute_metrics(replace(CONFIG, total=2), records).cost_usd is None
    assert compute_metrics(replace(CONFIG, total=1), records[:1]).cost_usd == 0


def test_epochs_are_repeats_within_a_sample():
    """Two epochs of one sample are one scored sample."""
    records = [record("a", 1.0), record("a", 0.0, epoch=2)]
    found = compute_metrics(replace(CONFIG, total=1, selected=("a",), epochs=2), records)
    assert (found.estimate.n, found.estimate.mean) == (1, 0.5)


def test_epochs_are_graded_by_their_reduced_score():
    """Right and wrong in turn is partial under mean, correct under pass_at_k, incorrect under pass_hat_k."""
    records = [record("a", 1.0), record("a", 0.0, epoch=2)]
    config = replace(CONFIG, total=1, selected=("a",), epochs=2)
    found = [compute_metrics(replace(config, reducer=name), records) for name in ("mean", "pass_at_k", "pass_hat_k")]
    assert [cell.samples["a"].outcome for cell in found] == ["partial", "correct", "incorrect"]


def test_answers_are_counted_one_per_epoch():
    """n scored of n selected counts answers: each epoch of each sample, also those without a record."""
    records = [record("a", 1.0), record("a", None, epoch=2), record("b", 0.0)]
    found = compute_metrics(replace(CONFIG, total=3, selected=("a", "b"), epochs=2), records)
    assert (found.n_scored, found.n_selected, found.n_total, found.partial) == (2, 4, 6, True)
    summary = found.to_json()
    assert (summary["n"], summary["n_selected"], summary["n_total"], summary["n_samples"]) == (2, 4, 6, 2)
    assert summary["lost_epochs"] == {"a": 1}


def test_epochs_that_early_stopping_saved_are_not_lost():
    """A cell that was decided after its first epoch was to make the answers of one epoch."""
    config = replace(CONFIG, total=2, selected=("a", "b"), epochs=5, stopped_after=1)
    found = compute_metrics(config, [record("a", 1.0), record("b", 0.0)])
    assert (found.n_scored, found.n_selected, found.partial) == (2, 2, False)


def test_an_epoch_that_failed_leaves_the_others():
    """A sample is scored if one of its epochs is; the failed one is counted, not averaged."""
    records = [record("a", None), record("a", 1.0, epoch=2)]
    found = compute_metrics(replace(CONFIG, total=1, selected=("a",), epochs=2), records)
    assert (found.samples["a"].score, found.samples["a"].outcome) == (1.0, "correct")
    assert dict(found.outcomes) == {"error": 1, "correct": 1}


def test_selected_samples_without_a_record_count_as_selected():
    """Selected samples without a record count in `n of n`."""
    found = compute_metrics(replace(CONFIG, total=5, selected=("a", "b", "c")), [record("a", 1.0)])
    assert (found.estimate.n, found.n_selected, found.partial) == (1, 3, True)


def test_usage_is_summed():
    """Tokens and calls of all records are added."""
    found = cell({"a": 1.0, "b": 0.0, "c": None})
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.calls) == (6, 3, 3)


def test_unknown_usage_stays_unknown():
    """Tokens that are unknown for one record are unknown in the sum, not 0; others are summed."""
    known = record("a", 1.0)
    records = [known, record("b", 1.0, usage={**known.usage, "input_tokens": None})]
    found = compute_metrics(replace(CONFIG, total=2), records)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (None, 2)


def test_costs_are_summed():
    """Known costs add up, and samples skipped because of the budget cost nothing."""
    records = [record("a", 1.0, cost_usd=0.25), record("b", 0.0, cost_usd=0.5)]
    records.append(record("c", None, outcome="skipped", transcript=[], cost_usd=None))
    assert compute_metrics(replace(CONFIG, total=3), records).cost_usd == 0.75


def test_the_wall_clock_runs_from_first_question_to_last_answer():
    """Answers given at the same time do not add up."""
    records = [record("a", 1.0, latency_s=4.0), record("b", 1.0, started_at="2026-01-01T00:00:03+00:00")]
    assert compute_metrics(replace(CONFIG, total=2), records).wall_s == pytest.approx(4.0)


def test_a_cell_without_a_score_is_plain_json():
    """A cell in which every call failed has null metrics, never NaN or 0."""
    found = cell({"a": None}).to_json()
    assert json.loads(json.dumps(found, allow_nan=False))["score"] is None
    assert (found["stderr"], found["ci95"], found["n"], found["n_selected"]) == (None, None, 0, 1)


def test_cells_are_told_apart():
    """Records of another strategy label or model belong to another cell."""
    found = by_cell([record("a", 1.0), record("a", 0.0, label="debate"), record("a", 0.0, slug="m2")])
    assert [len(records) for records in found.values()] == [1, 1, 1]


def test_a_plan_is_told_by_the_records():
    """Without the task file, the records provide names, samples and epochs."""
    config = config_from_records([record("a", 1.0), record("a", 0.0, epoch=2), record("b", None)])
    assert (config.key, config.selected, config.epochs, config.scorer) == (
        ("t", "single", "scripted", "m"), ("a", "b"), 2, "exact",
    )  # fmt: skip


def test_an_item_answered_twice_counts_once():
    """Of two records of one sample and epoch, the later one counts."""
    (records,) = by_cell([record("a", 0.0), record("a", 1.0)]).values()
    assert [r.score for r in records] == [1.0]
