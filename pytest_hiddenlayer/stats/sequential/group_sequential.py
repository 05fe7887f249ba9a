"""A group-sequential comparison: a look after every epoch, without a higher error rate.

A permutation test with the α spending of `alpha_spending.py`. All looks have the same samples;
their differences become less noisy with every epoch. The sign of a cluster's whole trajectory
over the looks is flipped at once, which keeps the dependence between looks and within clusters
as it is in the data.

Sign flips assume symmetric differences, which are skewed if a look has another number of epochs
than the baseline (see `stratified_exact.py`). So if the baseline's scores are known, a boundary
must also be crossed among reruns of the same system. For these, the difference at look k is
normal with variance V(1/k + 1/E) and independent increments; V is the variance of one answer
within its sample, and E the baseline's epochs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from ..estimate.clusters import clusters
from ..paired.flipped_sums import DRAWS, flipped_totals
from ..paired.pseudo_cluster_error import pseudo_cluster_error
from ..paired.stratified_exact import contingency_tables, within_variance
from .alpha_spending import Crossing, alpha_spent, first_crossing, later_crossing

_MAX_DRAWS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The first look that decided the verdict."""

    verdict: Literal["regressed", "improved", "same"]
    look: int  # from 1
    p: float  # probability of this decision by this look under the null hypothesis; 1 for `same`
    alpha_spent: float  # α that may have been spent by this look, in each direction


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineScores:
    """The baseline's scores, from which the differences were computed."""

    scores: Sequence[float]  # in the order of the samples
    epochs: int  # per score


def decide(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None = None,
    *,
    planned: int,
    alpha: float = 0.05,
    margin: float = 0.0,
    min_effect: float = 0.05,
    baseline: BaselineScores | None = None,
    seed: int = 0,
) -> Decision | None:
    """The decision of the first look that decides; None if no look has decided yet.

    `looks[k]` holds the differences (new minus old) of all samples over the epochs 1 to k + 1,
    always the same samples in the same order; `planned` is the largest number of looks.
    `regressed` (by more than the non-inferiority `margin`) and `improved` are one-sided tests at
    `alpha` each. `same` requires the interval at this look's level to lie within the equivalence
    margin ±min_effect. Raises ValueError if the looks differ in length, exceed `planned`, or
    hold differences outside [-1, 1].
    """
    _check(looks, groups, planned, alpha, baseline)
    worse, better = _crossings(looks, groups, planned, alpha, margin, baseline, seed)
    for k, look in enumerate(looks):
        by_now = alpha_spent(alpha, k + 1, planned)
        if worse is not None and worse[0] == k:
            return Decision(verdict="regressed", look=k + 1, p=worse[1], alpha_spent=by_now)
        if better is not None and better[0] == k:
            return Decision(verdict="improved", look=k + 1, p=better[1], alpha_spent=by_now)
        if _same(look, groups, by_now - alpha_spent(alpha, k, planned), min_effect, _min_flip(baseline, k + 1)):
            return Decision(verdict="same", look=k + 1, p=1.0, alpha_spent=by_now)
    return None


def _crossings(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    margin: float,
    baseline: BaselineScores | None,
    seed: int,
) -> tuple[Crossing, Crossing]:
    """The crossings for worse and for better, among sign flips and, for right/wrong scores, among reruns too."""
    draws = min(_MAX_DRAWS, max(DRAWS, math.ceil(20 * planned**2 / alpha)))
    totals = _flipped(looks, groups, 0.0, draws, seed)
    better, worse = first_crossing(totals, planned, alpha), first_crossing(-totals, planned, alpha)
    if margin > 0:
        worse = later_crossing(worse, first_crossing(-_flipped(looks, groups, margin, draws, seed), planned, alpha))
    reruns = None if baseline is None else _reruns(looks, baseline, draws, seed)
    if reruns is not None:
        better = later_crossing(better, first_crossing(reruns, planned, alpha))
        worse = later_crossing(worse, first_crossing(-reruns, planned, alpha))
    return worse, better


def _flipped(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    margin: float,
    draws: int,
    seed: int,
) -> Any:
    """Sums over samples of difference plus margin under sign flips of clusters, first the data; (looks, flips)."""
    paths = np.array([clusters([value + margin for value in look], groups)[0] for look in looks])
    differing = paths[:, np.abs(paths).any(axis=0)]
    exhaustive = 2 ** differing.shape[1] <= draws
    return flipped_totals(differing if exhaustive else paths, draws, seed)


def _reruns(looks: Sequence[Sequence[float]], baseline: BaselineScores, draws: int, seed: int) -> Any:
    """Standardised sums of every look, first the data, then reruns; None if scores are graded. (looks, draws + 1)."""
    observed = np.zeros((len(looks), 1))
    for k, look in enumerate(looks):
        scores = [difference + old for difference, old in zip(look, baseline.scores, strict=True)]
        tables = contingency_tables(baseline.scores, scores, (baseline.epochs, k + 1))
        if tables is None:
            return None
        variance = within_variance(tables)
        observed[k] = math.fsum(look) / math.sqrt(variance) if variance else 0.0
    return np.hstack([observed, _normal(len(looks), baseline.epochs, draws, seed)])


@lru_cache(maxsize=4)
def _normal(looks: int, epochs: int, draws: int, seed: int) -> Any:
    """Differences of mean errors after every look, for answers with variance 1; (looks, draws)."""
    random = np.random.default_rng([seed, 1])
    old = random.standard_normal(draws) / math.sqrt(epochs)
    new = np.cumsum(random.standard_normal((looks, draws)), axis=0)
    return new / np.arange(1, looks + 1)[:, None] - old


def _min_flip(baseline: BaselineScores | None, look: int) -> float:
    """One answer of the side with fewer epochs, as in `compare_pairs`."""
    return 0.0 if baseline is None or baseline.epochs == look else 1 / min(baseline.epochs, look)


def _same(
    differences: Sequence[float],
    groups: Sequence[str | None] | None,
    level: float,
    min_effect: float,
    min_flip: float,
) -> bool:
    """Whether the interval with error `level` on each side lies within ±min_effect."""
    pseudo_error = pseudo_cluster_error(*clusters(differences, groups), differences, min_flip=min_flip)
    if pseudo_error is None:
        return False
    half_width = pseudo_error.quantile(1 - level) * pseudo_error.stderr
    return abs(math.fsum(differences) / len(differences)) + half_width <= min_effect


def _check(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    baseline: BaselineScores | None,
) -> None:
    sizes = {len(look) for look in looks} | ({len(groups)} if groups is not None else set())
    sizes |= {len(baseline.scores)} if baseline is not None else set()
    if not looks or len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"every look needs the same samples; got lengths {sorted(sizes)}")
    if len(looks) > planned:
        raise ValueError(f"{len(looks)} looks exceed the {planned} planned ones")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1; got {alpha!r}")
    if not all(-1 <= value <= 1 for look in looks for value in look):
        raise ValueError("differences of scores must lie in [-1, 1]")
