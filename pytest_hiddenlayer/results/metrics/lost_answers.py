"""A cell as if the answers without a score were wrong: what an error, an empty answer or a lost record could hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...stats.estimate.clusters import mean_of
from .cells import CellMetrics
from .samples import SampleResult, SampleTable, reduced_epochs


def missing_answers(metrics: CellMetrics) -> int:
    """How many of the answers that the run was to make have no record."""
    return max(0, metrics.config.planned_answers - sum(metrics.outcomes.values()))


def unscored_answers(metrics: CellMetrics) -> int:
    """How many of the answers that the run was to make have no score."""
    return metrics.n_selected - metrics.n_scored


def samples_with_missing(metrics: CellMetrics, hashes: Mapping[str, str] | None = None) -> Mapping[str, SampleResult]:
    """The samples of a cell, in which a planned answer without a record is one without a score.

    `hashes` are those of the samples without any record, which are otherwise unknown. If only some epochs
    of the samples were selected, nobody knows which are missing: then these are the samples that have records.
    """
    config = metrics.config
    if not missing_answers(metrics) or isinstance(metrics.samples, SampleTable):  # too many to be copied
        return metrics.samples
    planned, rest = divmod(config.planned_answers, len(config.selected))
    if rest:
        return metrics.samples
    known = {name: _completed(metrics, sample, planned) for name, sample in metrics.samples.items()}
    absent = [name for name in config.selected if name not in known]
    return known | {name: _absent((hashes or {}).get(name, ""), planned) for name in absent}


def score_with_lost_as_wrong(metrics: CellMetrics) -> float | None:
    """The mean over the samples if every planned answer without a score were wrong; None without any score."""
    if metrics.estimate.mean is None or not unscored_answers(metrics):
        return metrics.estimate.mean
    samples = samples_with_missing(metrics).values()
    return mean_of([sample.worst or 0.0 for sample in samples])


def _completed(metrics: CellMetrics, sample: SampleResult, planned: int) -> SampleResult:
    missing = planned - len(sample.epochs) - sample.lost
    if missing <= 0:
        return sample
    lost = sample.lost + missing
    config = metrics.config
    outcomes = [sample.outcome] * len(sample.epochs) + ["skipped"] * lost
    epochs = reduced_epochs(
        outcomes, [*sample.epochs, *[None] * lost], reducer=config.reducer, pass_score=config.pass_score
    )
    return replace(sample, score=epochs.score, outcome=epochs.outcome, lost=lost, worst=epochs.worst)


def _absent(sample_hash: str, planned: int) -> SampleResult:
    return SampleResult(
        score=None, outcome="skipped", answer=None, hash=sample_hash, must_pass=False, lost=planned, worst=None
    )
