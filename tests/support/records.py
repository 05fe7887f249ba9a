"""Records, cells and baselines for tests of packages that read records."""

from __future__ import annotations

from dataclasses import replace

from pytest_hiddenlayer.results.cell_config import CellConfig
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.baseline import Baseline, BaselineSample
from pytest_hiddenlayer.types import Record

CONFIG = CellConfig(
    task="t",
    task_hash="0",
    strategy="single",
    strategy_params={},
    label="single",
    provider="scripted",
    model="m",
    slug="m",
    params="single-scripted",
    scorer="exact/1",
    seed=0,
    epochs=1,
    reducer="mean",
    pass_score=1.0,
    threshold=None,
    min_scored=0.95,
    margin=0.0,
    min_effect=0.05,
    total=0,
)


def record(name: str, value: float | None, **changes: object) -> Record:
    """A record of sample `name`; None: its call failed."""
    outcome = "error" if value is None else "correct" if value == 1 else "incorrect" if value == 0 else "partial"
    usage = {"input_tokens": 2, "output_tokens": 1, "calls": 1}
    usage |= dict.fromkeys(("cached_input_tokens", "cache_write_tokens", "reasoning_tokens"))
    made = Record(
        run_id="r",
        key=name,
        task="t",
        sample_id=name,
        epoch=1,
        strategy="single",
        strategy_params={},
        provider="scripted",
        model="m",
        input="q",
        target="a",
        output="o",
        answer="o",
        scores={} if value is None else {"exact": {"value": value, "answer": "o", "explanation": ""}},
        outcome=outcome,
        usage=usage,
        cost_usd=0.0,
        latency_s=1.0,
        transcript=[{}],
        error=None,
        seed=0,
        started_at="2026-01-01T00:00:00+00:00",
        label="single",
        slug="m",
        sample_hash="h",
    )
    return replace(made, **changes)


def cell(values: dict[str, float | None], **config: object) -> CellMetrics:
    """The metrics of a cell whose samples have these scores."""
    chosen = replace(CONFIG, total=len(values), selected=tuple(values), **config)
    return compute_metrics(chosen, [record(name, value) for name, value in values.items()])


def repeated(values: dict[str, list[float | None]], **config: object) -> CellMetrics:
    """The metrics of a cell whose samples have these scores in their epochs."""
    epochs = max(map(len, values.values()))
    chosen = replace(CONFIG, total=len(values), selected=tuple(values), epochs=epochs, **config)
    records = [record(name, one, epoch=at + 1) for name, scores in values.items() for at, one in enumerate(scores)]
    return compute_metrics(chosen, records)


def base(values: dict[str, float | None], **changes: object) -> Baseline:
    """A baseline with these scores."""
    samples = {
        name: BaselineSample(
            score=value,
            outcome="error" if value is None else "correct" if value == 1 else "incorrect",
            answer="o",
            hash="h",
        )
        for name, value in values.items()
    }
    return replace(Baseline(name="before", scorer="exact/1", samples=samples), **changes)


def some(right: int, n: int, start: int = 0) -> dict[str, float | None]:
    """n samples, `right` of them right, from sample `start` on."""
    return {f"s{(i + start) % n}": float(i < right) for i in range(n)}
