"""A cell that was measured, with its samples, as one side of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from ...types import Record, Usage
from ..cell_config import CellConfig
from ..metrics.cells import CellMetrics
from ..metrics.confidence import confidence_of
from .baseline import Baseline, BaselineSample


def measured_cell(name: str, metrics: CellMetrics, records: Sequence[Record]) -> Baseline:
    """The cell of these records. Output and confidence of a sample are those of its answer: the first scored one."""
    answers = _answers(records)
    samples = {
        sample_id: BaselineSample(
            score=sample.score,
            outcome=sample.outcome,
            answer=sample.answer,
            hash=sample.hash,
            group=sample.group,
            output=answers[sample_id].output,
            n_scored=len(sample.epochs),
            epoch_scores=sample.epochs,
            lost=sample.lost,
            scores=sample.scores,
            worst=sample.worst,
            confidence=confidence_of(answers[sample_id]),
        )
        for sample_id, sample in metrics.samples.items()
    }
    return measured_baseline(
        name,
        metrics.config,
        samples,
        usage=metrics.usage,
        cost_usd=metrics.cost_usd,
        prompts=metrics.prompts,
        outcomes=metrics.outcomes,
        wall_s=metrics.wall_s,
        other_scorers={name: scorer.scorer for name, scorer in metrics.other_scorers.items()},
    )


def measured_baseline(
    name: str,
    config: CellConfig,
    samples: Mapping[str, BaselineSample],
    *,
    usage: Usage,
    cost_usd: float | None,
    prompts: Mapping[str, str],
    outcomes: Mapping[str, int],
    wall_s: float,
    other_scorers: Mapping[str, str],
) -> Baseline:
    """The cell of these samples."""
    return Baseline(
        name=name,
        scorer=config.scorer,
        samples=samples,
        key=config.key,
        model=config.model,
        epochs=config.epochs,
        usage=asdict(usage),
        cost_usd=cost_usd,
        min_scored=config.min_scored,
        pass_score=config.pass_score,
        seed=config.seed,
        prompts=prompts,
        outcomes=dict(outcomes),
        wall_s=wall_s,
        other_scorers=other_scorers,
    )


def _answers(records: Sequence[Record]) -> dict[str, Record]:
    """Sample → the record of its first scored answer, or else of its first answer."""
    answers: dict[str, Record] = {}
    for record in records:
        present = answers.get(record.sample_id)
        if present is None or (present.score is None and record.score is not None):
            answers[record.sample_id] = record
    return answers
