"""What gates decide and say, and what the summary holds, as this version does it: a change is one that users see.

Other tests say why; these notice what they leave open. `PYTHONPATH=.:tests python THIS_FILE` writes the file again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.pinned import Part, deviations, write
from support.records import CONFIG, record

from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.gate import Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.results.regression.snapshot import lost_samples, snapshot_text
from pytest_hiddenlayer.results.regression.snapshot_reader import baseline_from_snapshot, parse_snapshot

Scores = Callable[[int, int], float | None]
FILE = Path(__file__).with_name("pinned_gates.json")


def cell(n: int, epochs: int, right: Scores, total: int | None = None, **settings: Any) -> CellMetrics:
    """The metrics of n samples; `right` gives the score of a sample and epoch."""
    names = tuple(f"s{at:02}" for at in range(n))
    config = replace(CONFIG, total=total or n, selected=names, epochs=epochs, **settings)
    grouped = "groups" in config.tags
    records = [
        record(
            name,
            right(at, epoch),
            epoch=epoch,
            sample_hash="new" if "changed" in config.tags and at < 3 else "h",
            group=f"g{at // 4}" if grouped else None,
            must_pass=at == 1,
            answer_metadata={"confidence": round(0.5 + (at * 7 % 11) / 25, 3)},
            latency_s=1.0 + at / 10,
            cost_usd=None if "unpriced" in config.tags and at == 2 else 0.01 * at,
        )
        for at, name in enumerate(names)
        for epoch in range(1, epochs + 1)
    ]
    return compute_metrics(config, records)


SCORES: dict[str, Scores] = {
    "right": lambda at, epoch: 1.0,
    "most": lambda at, epoch: float((at * 7 + epoch * 3) % 11 > 1),
    "half": lambda at, epoch: float((at * 5 + epoch) % 3 > 0),
    "graded": lambda at, epoch: round(((at * 7 + epoch) % 9) / 8, 3),
    "lost": lambda at, epoch: None if (at + epoch) % 6 == 0 else float((at * 7 + epoch) % 11 > 2),
    "few": lambda at, epoch: None if at > 3 else 1.0,
    "none": lambda at, epoch: None,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "threshold": {"threshold": 0.8, "min_scored": 0.5},
    "grouped": {"tags": ("groups",), "margin": 0.05},
    "changed": {"tags": ("changed", "unpriced"), "min_effect": 0.2},
    "partial": {"total": 40, "expect": {"ece": "<= 0.2", "auroc": ">= 0.6"}},
}
POLICIES = {
    "regression": Policy(),
    "require": Policy(mode="require", fail_underpowered=True),
    "threshold": Policy(mode="threshold"),
    "id": Policy(match="id"),
    "update": Policy(update=True),
}


def cases() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Gates of cells against a baseline, summaries, and snapshots."""
    sizes = [(24, 1, "mean"), (12, 4, "mean"), (12, 4, "pass_at_k"), (12, 3, "pass_at_2"), (8, 2, "median")]
    for at, (name, settings) in enumerate(SETTINGS.items()):
        n, epochs, reducer = sizes[at]
        before = cell(n, epochs, SCORES["most"], reducer=reducer)
        text = snapshot_text(before, None)
        for kind, scores in SCORES.items():
            if at and kind in ("right", "few", "half"):
                continue
            now = cell(n, epochs, scores, reducer=reducer, **settings)
            baseline = baseline_from_snapshot(parse_snapshot(text, "s"), "before", "single-scripted-m")
            yield f"summary, {name}, {kind}", now.to_json
            yield f"snapshot, {name}, {kind}", lambda now=now, old=text: snapshot_text(now, json.loads(old))
            yield f"kept, {name}, {kind}", lambda now=now, old=text: lost_samples(now, json.loads(old))
            for mode, policy in POLICIES.items():
                lookups = [BaselineLookup(baseline=baseline), BaselineLookup(baseline=None, missing="no baseline")]
                for found in lookups if mode in ("regression", "require") else lookups[:1]:
                    yield (
                        f"gate, {name}, {kind}, {mode}, {'against' if found.baseline else 'without'}",
                        lambda now=now, found=found, policy=policy: judged(now, found, policy),
                    )


def judged(now: CellMetrics, found: BaselineLookup, policy: Policy) -> dict[str, Any]:
    """Everything that a user sees of a gate."""
    (result,) = decide_gates([(now, found)], policy)
    comparison = result.comparison.to_json() if result.comparison and policy == POLICIES["regression"] else None
    return {
        "outcome": result.outcome, "word": result.word, "message": result.message, "failures": result.failures,
        "properties": dict(result.properties), "comparison": comparison,
    }  # fmt: skip


PARTS = (cases,)


@pytest.mark.parametrize("part", PARTS)
def test_gates_say_what_the_file_says(part: Part) -> None:
    """Outcomes, messages, properties, comparisons, summaries and snapshots are the pinned ones."""
    assert deviations(FILE, part) == []


if __name__ == "__main__":
    write(FILE, PARTS)
