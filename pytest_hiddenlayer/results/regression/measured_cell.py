"""A cell that was measured, with its samples, as one side of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ...types import Record
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
    config = metrics.config
    return Baseline(
        name=name,
        scorer=config.scorer,
        samples=samples,
        key=config.key,
        model=config.model,
        epochs=config.epochs,
        usage=asdict(metrics.usage),
        cost_usd=metrics.cost_usd,
        min_scored=config.min_scored,
        pass_score=config.pass_score,
        seed=config.seed,
        prompts=metrics.prompts,
        outcomes=dict(metrics.outcomes),
        wall_s=metrics.wall_s,
        other_scorers={name: scorer.scorer for name, scorer in metrics.other_scorers.items()},
    )


def _answers(records: Sequence[Record]) -> dict[str, Record]:
    """Sample → the record of its first scored answer, or else of its first answer."""
    answers: dict[str, Record] = {}
    for record in records:
        present = answers.get(record.sample_id)
        if present is None or (present.score is None and record.score is not None):
            answers[record.sample_id] = record
    return answers
