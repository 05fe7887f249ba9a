"""Metrics of a cell at the edge: long first calls, answers without score or confidence, models of two families."""

from __future__ import annotations

from dataclasses import replace

from support.records import CONFIG, record

from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics, known_scorers
from pytest_hiddenlayer.results.metrics.confidence import measure_calibrations
from pytest_hiddenlayer.results.metrics.judges import judge_flags


def test_the_wall_clock_ends_with_the_last_answer() -> None:
    """A long first call ends after a short second one."""
    records = [
        record("a", 1.0, started_at="2026-01-01T00:00:00+00:00", latency_s=9.0),
        record("b", 1.0, started_at="2026-01-01T00:00:02+00:00", latency_s=1.0),
    ]
    assert metrics_of(records).wall_s == 9.0


def metrics_of(records: list) -> CellMetrics:  # type: ignore[type-arg]
    """The cell of these records."""
    names = tuple(one.sample_id for one in records)
    return compute_metrics(replace(CONFIG, total=len(names), selected=names), records)


def test_only_scored_answers_are_calibrated() -> None:
    """Answers without a score and answers without a confidence say nothing about calibration."""
    known = [record(f"s{at}", float(at % 2), confidence={"p_true": 0.5 + at / 40}) for at in range(12)]
    lost = [record(f"l{at}", None, confidence={"p_true": 0.99}) for at in range(12)]
    unknown = [record(f"u{at}", 0.0, confidence={}) for at in range(12)]
    assert measure_calibrations([*known, *lost, *unknown], 1.0) == measure_calibrations(known, 1.0)
    assert measure_calibrations([*known[:9], *lost], 1.0) == {}


def test_only_the_shared_family_is_named() -> None:
    """A distilled model has two families; the judge shares one of them."""
    judged = {"opinions": [{"model": "qwen-3", "judge": "j", "scale": "1-5", "verdict": "3"}]}
    one = replace(
        record("a", 1.0, model="deepseek-distill-qwen"), scores={"llm_judge": {"value": 1.0, "details": judged}}
    )
    (said,) = judge_flags([one])
    assert said == (
        "judge qwen-3 is of the same model family as the candidate (qwen: deepseek-distill-qwen) "
        "and may prefer its answers"
    )


def test_scorers_are_those_that_the_summary_states() -> None:
    """Name and version if every scorer is stated with its settings, else only the names."""
    assert known_scorers(["x"], {"scorers": {"a": {"scorer": "exact/1"}, "b": {}}}) == {"a": "exact/1", "b": ""}
    for stated in ({"a": {"scorer": "exact/1"}, "b": "exact"}, ["a"], None):
        assert known_scorers(["x"], {"scorers": stated}) == {"x": ""}
