"""The cells of a snapshot as a page shows them: its metrics, and one row per sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from ...results.regression.baseline import Baseline, BaselineSample
from ...results.regression.cell_comparison import estimate_json
from ...stats.estimate.mean_interval import estimate
from ...types import Outcome, Record


def snapshot_cell(cell: Baseline) -> dict[str, Any]:
    """What a snapshot knows of a cell, as an object of `summary.json`."""
    task, label, provider, slug = cell.key
    scored = [sample for sample in cell.samples.values() if sample.score is not None]
    mean = estimate_json(
        estimate([sample.score for sample in scored if sample.score is not None], [sample.group for sample in scored])
    )
    unknown = dict.fromkeys(("gate", "comparison", "calibration", "gate_message"))
    empty: dict[str, Any] = {name: {} for name in ("scorers", "passes", "calls", "judging", "lost_epochs")}
    return {
        **unknown,
        **empty,
        **mean,
        "task": task,
        "strategy": label.partition(":")[0],
        "label": label,
        "provider": provider,
        "model": cell.model or slug,
        "slug": slug,
        "scorer": cell.scorer or "",
        "n": cell.n_scored,
        "n_selected": cell.n_answers,
        "n_samples": len(scored),
        "n_samples_selected": len(cell.samples),
        "epochs": cell.epochs,
        "pass_score": 1.0 if cell.pass_score is None else cell.pass_score,
        "min_scored": cell.min_scored,
        "outcomes": dict(Counter(sample.outcome for sample in cell.samples.values())),
        "usage": dict(cell.usage or {}),
        "cost_usd": cell.cost_usd,
        "flaky": [],
        "tags": [],
    }


def snapshot_records(cell: Baseline) -> Iterator[Record]:
    """Yield one row per sample: answer, scores and outcome; everything else is unknown."""
    for sample_id, sample in cell.samples.items():
        yield _record(cell, sample_id, sample)


def _record(cell: Baseline, sample_id: str, sample: BaselineSample) -> Record:
    task, label, provider, slug = cell.key
    headline = (cell.scorer or "score").partition("/")[0]
    first = {} if sample.score is None else {headline: sample.score}
    others = {name: value for name, value in sample.scores.items() if name != headline}
    return Record(
        run_id="",
        key="",
        task=task,
        sample_id=sample_id,
        epoch=1,
        strategy=label.partition(":")[0],
        strategy_params={},
        provider=provider,
        model=cell.model or slug,
        input=None,
        target=None,
        output=None,
        answer=sample.answer,
        scores={
            name: {"value": value, "answer": None, "explanation": ""} for name, value in {**first, **others}.items()
        },
        outcome=cast(Outcome, sample.outcome),
        usage={},
        cost_usd=None,
        latency_s=0.0,
        transcript=(),
        error=None,
        seed=cell.seed or 0,
        started_at="",
        label=label,
        slug=slug,
        sample_hash=sample.hash,
        group=sample.group,
    )
