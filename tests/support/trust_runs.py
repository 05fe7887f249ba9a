"""Runs with a value at every key of their files, for tests that damage them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_hiddenlayer.report.changes.run_changes import JudgedRun, run_changes
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.log.summary import summary
from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records
from pytest_hiddenlayer.results.regression.baseline import Baseline, BaselineSample
from pytest_hiddenlayer.results.regression.gate import Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.types import Record

from .records import record
from .sample_records import debate

N, EPOCHS, WRONG = 6, 2, 3
DAMAGED = ("summary.json", "changes.json", "run.json")


def rich_run(root: Path, more: Sequence[Record] = ()) -> Path:
    """The folder of a run with epochs, scorers, calibration, a debate, an error, a baseline and `more` records."""
    records = [*_answers(), debate(), record("failed", None, error="timeout", label="debate"), *more]
    cells = by_cell(records)
    metrics = [compute_metrics(replace(config_from_records(cell), tags=("slow",)), cell) for cell in cells.values()]
    lookup = BaselineLookup(baseline=_baseline(metrics[0].config.key))
    gates = {
        cell.config.key: gate
        for cell, gate in zip(metrics, decide_gates([(cell, lookup) for cell in metrics], Policy()), strict=True)
    }
    judged = JudgedRun(
        run_id="run",
        baseline=None,
        metrics=metrics,
        gates=gates,
        records=records,
        policy=Policy(),
        find=lambda _: lookup,
    )
    log = RunLog(root, "run", ["pytest", "evals"])
    log.append_all(records)
    log.write_manifest(
        {
            "complete": True,
            "seed": 0,
            "tasks": {"t": "0a"},
            "models": ["scripted:m"],
            "records": len(records),
            "options": {"a": 1},
        }
    )
    log.write_summary(summary(metrics, gates))
    log.close()
    (log.folder / "changes.json").write_text(json.dumps(run_changes(judged)), encoding="utf-8")
    return log.folder


def _answers() -> list[Record]:
    """Six samples in two epochs; half of them are wrong, one in its second epoch only."""
    return [_answer(number, epoch) for number in range(N) for epoch in range(1, EPOCHS + 1)]


def _answer(number: int, epoch: int) -> Record:
    value = float(number >= WRONG or (number == 0 and epoch == 1))
    scores = {name: {"value": value, "answer": "o", "explanation": "why"} for name in ("exact", "judge")}
    return record(
        f"s{number}",
        value,
        epoch=epoch,
        scores=scores,
        answer_metadata={"confidence": 0.5 + number / 20},
        metadata={"level": number},
    )


def _baseline(key: tuple[str, str, str, str]) -> Baseline:
    """The same samples, all right."""
    samples = {
        f"s{number}": BaselineSample(
            score=1.0, outcome="correct", answer="o", hash="h", output="the old output", scores={"judge": 1.0}
        )
        for number in range(N)
    }
    return Baseline(
        name="before", scorer=None, samples=samples, key=key, model=key[3], other_scorers={"judge": "judge/1"}
    )
