"""Samples over their epochs: one score per sample, pass@k and pass^k over samples, and flaky samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import pass_at_k, pass_hat_k, reduce_epochs, reported_k, stated_k
from ...types import Outcome, Record
from .scorers import HasScores, scores_by_name


def cluster_of(record: Record) -> str:
    """The cluster of a record among those of its task: its group, or its sample if it has no group."""
    return cluster_name(record.sample_id, record.group)


def cluster_name(sample_id: str, group: str | None) -> str:
    """The cluster of an answer to a sample of a group, or of none."""
    return f"sample {sample_id}" if group is None else f"group {group}"


class Answered(HasScores, Protocol):
    """One answer to a sample: what the sample's result needs of a record."""

    @property
    def score(self) -> float | None: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def answer(self) -> str | None: ...
    @property
    def sample_hash(self) -> str: ...
    @property
    def must_pass(self) -> bool: ...
    @property
    def group(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleResult:
    """One sample over its epochs."""

    score: float | None  # reduced over the scored epochs; None: no epoch is scored
    outcome: Outcome
    answer: str | None  # of the first scored epoch
    hash: str
    must_pass: bool
    group: str | None = None  # cluster, for standard errors
    epochs: tuple[float, ...] = ()  # scores of the scored epochs, in order
    lost: int = 0  # epochs that were answered and have no score
    scores: Mapping[str, float] = field(default_factory=dict)  # of every scorer that has one, by name
    worst: float | None = None  # the score if the lost epochs count as wrong; None: no epoch is scored

    @property
    def n_scored(self) -> int:
        """The number of scored epochs."""
        return len(self.epochs)

    @property
    def epoch_scores(self) -> tuple[float, ...]:
        """The scores of the scored epochs, in order."""
        return self.epochs


def sample_result(records: Sequence[Answered], *, reducer: str, pass_score: float) -> SampleResult:
    """The result of one sample, from the records of its epochs."""
    scored = [(record, score) for record in records if (score := record.score) is not None]
    scores = [score for _, score in scored]
    lost = len(records) - len(scores)
    known = scores and not _open(scores, lost, reducer, pass_score)
    score = reduce_epochs(scores, reducer, pass_score) if known else None
    first = next((record for record in records if record.score is None), records[0]) if score is None else records[0]
    return SampleResult(
        score=score,
        outcome=first.outcome if score is None else _outcome([record for record, _ in scored], score, pass_score),
        answer=scored[0][0].answer if scored else None,
        hash=first.sample_hash,
        must_pass=first.must_pass,
        group=first.group,
        epochs=tuple(scores),
        lost=lost,
        scores=scores_by_name(records, reducer),
        worst=None
        if score is None
        else reduce_epochs([*scores, *[0.0] * lost], reducer, pass_score)
        if lost
        else score,
    )


def _open(scores: Sequence[float], lost: int, reducer: str, pass_score: float) -> bool:
    """Whether lost epochs could decide the score: `pass_at_k` has no right one, or `pass_hat_k` no wrong one."""
    right = [score >= pass_score for score in scores]
    return lost > 0 and ((reducer == "pass_at_k" and not any(right)) or (reducer == "pass_hat_k" and all(right)))


def pass_estimates(
    samples: Mapping[str, SampleResult], pass_score: float, min_scored: float = 0.0, *, reducer: str = "mean"
) -> dict[str, Estimate]:
    """`pass@k` and `pass^k` over samples, by name, for the k of `reported_k`; empty without repeated epochs.

    The k that the reducer states is one of them. An epoch is right at or above `pass_score`. A
    sample with fewer than k scored epochs is left out of the estimates for k; their `n` is the
    number of samples that remain. If these are fewer than the share `min_scored` of the samples,
    the estimates are unknown: the samples that lose epochs are not a random choice.
    """
    counts = [
        (len(sample.epochs), sum(score >= pass_score for score in sample.epochs), sample.group)
        for sample in samples.values()
    ]
    n_epochs = max((n for n, _, _ in counts), default=0)
    if n_epochs < 2:
        return {}
    estimates: dict[str, Estimate] = {}
    for k in reported_k(n_epochs, stated_k(reducer)):
        enough = [(n, right) for n, right, _ in counts if n >= k]
        groups = [group for n, _, group in counts if n >= k]
        if len(enough) < min_scored * len(counts):
            why = f"unknown: {len(enough)} of {len(counts)} samples have {k} scored epochs"
            unknown = Estimate(n=len(enough), mean=None, stderr=None, ci95=None, method=why)
            estimates |= {f"pass@{k}": unknown, f"pass^{k}": unknown}
            continue
        estimates[f"pass@{k}"] = estimate([pass_at_k(n, right, k) for n, right in enough], groups)
        estimates[f"pass^{k}"] = estimate([pass_hat_k(n, right, k) for n, right in enough], groups)
    return estimates


def flaky_samples(samples: Mapping[str, SampleResult], pass_score: float) -> tuple[str, ...]:
    """The samples that were right in some epochs and not in others."""
    return tuple(
        name for name, sample in samples.items() if len({score >= pass_score for score in sample.epochs}) > 1
    )


def _outcome(scored: Sequence[Answered], score: float, pass_score: float) -> Outcome:
    """The outcome of the only scored epoch; over several epochs, the outcome of the reduced score."""
    if len(scored) == 1:
        return scored[0].outcome
    return "correct" if score >= pass_score else "incorrect" if score == 0 else "partial"
