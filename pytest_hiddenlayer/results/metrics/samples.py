"""Samples over their epochs: one score per sample, pass@k and pass^k over samples, and flaky samples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import pass_at_k, pass_hat_k, reduce_epochs, reported_k, stated_k
from ...types import Outcome, Record
from .scorers import scores_by_name


def cluster_of(record: Record) -> str:
    """The cluster of a record among those of its task: its group, or its sample if it has no group."""
    return f"sample {record.sample_id}" if record.group is None else f"group {record.group}"


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


class SampleTable(Mapping[str, SampleResult]):
    """The samples of a cell that are kept as columns: what would need all of them is counted without making them."""

    @property
    @abstractmethod
    def n_scored_epochs(self) -> int:
        """The number of scored epochs of all samples."""

    @abstractmethod
    def lost_epochs(self) -> dict[str, int]:
        """Sample → its epochs without a score, for the samples that have epochs with one."""


def scored_epochs(samples: Mapping[str, SampleResult]) -> int:
    """The number of scored epochs of all samples."""
    if isinstance(samples, SampleTable):
        return samples.n_scored_epochs
    return sum(len(sample.epochs) for sample in samples.values())


def sample_result(records: Sequence[Record], *, reducer: str, pass_score: float) -> SampleResult:
    """The result of one sample, from the records of its epochs."""
    scores = [record.score for record in records]
    epochs = reduced_epochs([record.outcome for record in records], scores, reducer=reducer, pass_score=pass_score)
    first = records[epochs.first]
    return SampleResult(
        score=epochs.score,
        outcome=epochs.outcome,
        answer=next(
            (record.answer for record, score in zip(records, scores, strict=True) if score is not None), None
        ),
        hash=first.sample_hash,
        must_pass=first.must_pass,
        group=first.group,
        epochs=tuple(score for score in scores if score is not None),
        lost=scores.count(None),
        scores=scores_by_name(records, reducer),
        worst=epochs.worst,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReducedEpochs:
    """The epochs of a sample as one score."""

    score: float | None  # None: no epoch is scored, or the lost ones could decide it
    outcome: Outcome
    worst: float | None  # the score if the lost epochs count as wrong
    first: int  # position of the epoch that prompt, target and group are taken from


def reduced_epochs(
    outcomes: Sequence[Outcome], scores: Sequence[float | None], *, reducer: str, pass_score: float
) -> ReducedEpochs:
    """The score and the outcome of a sample, from those of its epochs."""
    known = [score for score in scores if score is not None]
    lost = len(scores) - len(known)
    score = None
    if known and not _open(known, lost, reducer, pass_score):
        score = reduce_epochs(known, reducer, pass_score)
    if score is None:
        first = scores.index(None) if lost else 0
        return ReducedEpochs(score=None, outcome=outcomes[first], worst=None, first=first)
    scored = [outcome for outcome, one in zip(outcomes, scores, strict=True) if one is not None]
    # Wrong ones first: of two values that are equally frequent, `mode` takes the first.
    worst = reduce_epochs([*[0.0] * lost, *known], reducer, pass_score) if lost else score
    return ReducedEpochs(score=score, outcome=_outcome(scored, score, pass_score), worst=worst, first=0)


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
    """The samples with a score that were right in some epochs and not in others."""
    return tuple(
        name
        for name, sample in samples.items()
        if len({score >= pass_score for score in sample.epochs}) > 1 and sample.score is not None
    )


def _outcome(scored: Sequence[Outcome], score: float, pass_score: float) -> Outcome:
    """The outcome of the only scored epoch; over several epochs, the outcome of the reduced score."""
    if len(scored) == 1:
        return scored[0]
    return "correct" if score >= pass_score else "incorrect" if score == 0 else "partial"
