"""The score of predictions on held-out rows, with an interval over groups and a test against the baseline."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...stats.estimate.clusters import clusters, effective_groups
from ...stats.estimate.jackknife import jackknife
from ...stats.estimate.mean_interval import Estimate, estimate, quantile
from ...stats.paired.sign_flip import sign_flip_test
from .penalty import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """A score on held-out rows, its baseline, and how the rows contribute."""

    score: Estimate
    baseline: float
    p: float
    losses: Any  # per row: 0 or 1 for classes, squared errors over the total sum of squares for numbers


def accuracy_of(predicted: Any, labels: Any, training_labels: Any, groups: Sequence[Hashable]) -> HeldOut:
    """The accuracy, and as its baseline that of always predicting the most frequent class of the training rows."""
    classes, counts = np.unique(training_labels, return_counts=True)
    right = (predicted == labels).astype(float)
    usual = (labels == classes[counts.argmax()]).astype(float)
    sums, _ = clusters((right - usual).tolist(), groups)
    return HeldOut(
        score=estimate(right.tolist(), groups),
        baseline=float(usual.mean()),
        p=sign_flip_test(sums)[1],
        losses=1 - right,
    )


def r_squared_of(predicted: Any, targets: Any, training_targets: Any, groups: Sequence[Hashable]) -> HeldOut:
    """R² against the mean of the training rows: 1 is perfect, 0 as good as that mean, below 0 worse.

    1 - Σ (target - prediction)² / Σ (target - training mean)². The error is that of the jackknife over groups.
    """
    errors, usual = (targets - predicted) ** 2, (targets - training_targets.mean()) ** 2
    total = float(usual.sum())

    def r_squared(rows: Sequence[int]) -> float | None:
        chosen = list(rows)
        share = float(usual[chosen].sum())
        return 1 - float(errors[chosen].sum()) / share if share > 0 else None

    value = r_squared(range(len(errors)))
    sums, sizes = clusters((usual - errors).tolist(), groups)
    stderr, n_groups = jackknife(len(errors), r_squared, groups)
    plain = Estimate(n=len(errors), mean=value, stderr=stderr, ci95=None, n_groups=n_groups, method="jackknife, t")
    return HeldOut(
        score=_with_interval(plain, sizes, high=1.0),
        baseline=0.0,
        p=sign_flip_test(sums)[1],
        losses=errors / total if total > 0 else errors,
    )


def selectivity_of(kind: Kind, found: HeldOut, control: HeldOut, groups: Sequence[Hashable]) -> Estimate:
    """The score minus that of the control task, paired by row, in [-1, 1] for accuracies."""
    if found.score.mean is None or control.score.mean is None:
        return Estimate(n=found.score.n, mean=None, stderr=None, ci95=None, method="nothing scored")
    if kind == "logistic":
        return _paired_difference(control.losses - found.losses, groups)
    difference = found.score.mean - control.score.mean
    sums, sizes = clusters((control.losses - found.losses).tolist(), groups)
    mean, n = math.fsum(sums) / len(sums), len(sums)
    stderr = math.sqrt(n / (n - 1) * math.fsum((value - mean) ** 2 for value in sums)) if n > 1 else None
    base = Estimate(n=found.score.n, mean=difference, stderr=stderr, ci95=None, n_groups=n, method="linearised, t")
    return _with_interval(base, sizes, high=math.inf)


def _paired_difference(differences: Any, groups: Sequence[Hashable]) -> Estimate:
    """The mean of differences in [-1, 1] with its interval: that of (1 + difference) / 2, stretched back."""
    half = estimate(((1 + differences) / 2).tolist(), groups)
    assert half.mean is not None
    return replace(
        half,
        mean=2 * half.mean - 1,
        stderr=None if half.stderr is None else 2 * half.stderr,
        ci95=None if half.ci95 is None else (2 * half.ci95[0] - 1, 2 * half.ci95[1] - 1),
    )


def _with_interval(plain: Estimate, sizes: Sequence[int], *, high: float) -> Estimate:
    """The same with Student's t interval over groups, cut at the highest possible value."""
    if plain.mean is None or plain.stderr is None:
        return replace(plain, method="no interval: too few groups")
    half = quantile(max(1.0, effective_groups(sizes) - 1)) * plain.stderr
    return replace(plain, ci95=(plain.mean - half, min(high, plain.mean + half)))
