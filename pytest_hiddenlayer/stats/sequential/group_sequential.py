"""A group-sequential comparison: a look after every epoch, without a higher error rate.

A permutation test with the α spending of `alpha_spending.py`. All looks have the same samples;
their differences become less noisy with every epoch. The sign of a cluster's whole trajectory
over the looks is flipped at once, which keeps the dependence between looks and within clusters
as it is in the data.

Sign flips assume symmetric differences, which are skewed if a sample has another number of
answers than in the baseline (see `reruns.py`). So a boundary must also be crossed among reruns
of the same system. For these, the difference at look k is normal with variance V(1/k + 1/E) and
independent increments; V is the variance of one answer within its sample, and E the baseline's
epochs. V is known from both sides' answers, partial or not, and counts only those that were
scored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from ..estimate.clusters import clusters
from ..paired.equivalence import equivalence_test
from ..paired.flipped_sums import DRAWS, flipped_totals
from ..paired.reruns import Answers, pooled_variances
from .alpha_spending import Crossing, alpha_spent, first_crossing, later_crossing

_MAX_DRAWS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The first look that decided the verdict."""

    verdict: Literal["regressed", "improved", "same"]
    look: int  # from 1
    p: float  # probability of this decision by this look under the null hypothesis; 1 for `same`
    alpha_spent: float  # α that may have been spent by this look, in each direction


def decide(
    old: Sequence[Answers],
    new: Sequence[Sequence[float | None]],
    groups: Sequence[str | None] | None = None,
    *,
    planned: int,
    alpha: float = 0.05,
    margin: float = 0.0,
    min_effect: float = 0.05,
    seed: int = 0,
) -> Decision | None:
    """The decision of the first look that decides; None if no look has decided yet.

    `old` holds the baseline's answers of each sample. `new` holds one score per epoch so far, of
    the same samples; None for an answer that has no score, except in the first epoch. There is a
    look after each epoch, and `planned` is the largest number of looks. `regressed` (by more
    than the non-inferiority `margin`) and `improved` are one-sided tests at `alpha` each. `same`
    is an equivalence test of ±min_effect at the share of `alpha` that this look spends. Raises
    ValueError if samples differ in their number of epochs, which must not exceed `planned`, or
    if a score lies outside [0, 1].
    """
    _check(old, new, groups, planned, alpha)
    looks = [
        [_mean(answers[: k + 1]) - _mean(before) for before, answers in zip(old, new, strict=True)]
        for k in range(len(new[0]))
    ]
    worse, better = _crossings(looks, old, new, groups, planned, alpha, margin, seed)
    for k, look in enumerate(looks):
        by_now = alpha_spent(alpha, k + 1, planned)
        if worse is not None and worse[0] == k:
            return Decision(verdict="regressed", look=k + 1, p=worse[1], alpha_spent=by_now)
        if better is not None and better[0] == k:
            return Decision(verdict="improved", look=k + 1, p=better[1], alpha_spent=by_now)
        if _same(look, groups, by_now - alpha_spent(alpha, k, planned), min_effect):
            return Decision(verdict="same", look=k + 1, p=1.0, alpha_spent=by_now)
    return None


def _crossings(
    looks: Sequence[Sequence[float]],
    old: Sequence[Answers],
    new: Sequence[Sequence[float | None]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    margin: float,
    seed: int,
) -> tuple[Crossing, Crossing]:
    """The crossings for worse and for better, among sign flips and among reruns."""
    draws = min(_MAX_DRAWS, max(DRAWS, math.ceil(20 * planned**2 / alpha)))
    totals = _flipped(looks, groups, 0.0, draws, seed)
    better, worse = first_crossing(totals, planned, alpha), first_crossing(-totals, planned, alpha)
    if margin > 0:
        worse = later_crossing(worse, first_crossing(-_flipped(looks, groups, margin, draws, seed), planned, alpha))
    reruns = _reruns(looks, old, new, draws, seed)
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


def _reruns(
    looks: Sequence[Sequence[float]],
    old: Sequence[Answers],
    new: Sequence[Sequence[float | None]],
    draws: int,
    seed: int,
) -> Any:
    """Standardized sums of every look, first the data, then reruns; (looks, draws + 1)."""
    epochs = len(old) / sum(1 / len(answers) for answers in old)
    observed = np.zeros((len(looks), 1))
    for k, look in enumerate(looks):
        scored = [_scored(answers[: k + 1]) for answers in new]
        variance = sum(
            variance * (1 / len(before) + 1 / len(now))
            for variance, before, now in zip(pooled_variances(old, scored), old, scored, strict=True)
        )
        if variance > 0:
            observed[k] = math.fsum(look) * math.sqrt((1 / (k + 1) + 1 / epochs) / variance)
    return np.hstack([observed, _normal(len(looks), epochs, draws, seed)])


@lru_cache(maxsize=4)
def _normal(looks: int, epochs: float, draws: int, seed: int) -> Any:
    """Differences of mean errors after every look, for answers with variance 1; (looks, draws)."""
    random = np.random.default_rng([seed, 1])
    old = random.standard_normal(draws) / math.sqrt(epochs)
    new = np.cumsum(random.standard_normal((looks, draws)), axis=0)
    return new / np.arange(1, looks + 1)[:, None] - old


def _same(differences: Sequence[float], groups: Sequence[str | None] | None, level: float, min_effect: float) -> bool:
    """Whether the difference lies within ±min_effect by an equivalence test at `level`."""
    sums, sizes = clusters(differences, groups)
    matched = len(sums) == len(differences) and all(value in (-1, 0, 1) for value in differences)
    return equivalence_test(differences, sums, sizes, min_effect, matched=matched) <= level


def _scored(answers: Sequence[float | None]) -> list[float]:
    return [answer for answer in answers if answer is not None]


def _mean(answers: Sequence[float | None]) -> float:
    scored = _scored(answers)
    return math.fsum(scored) / len(scored)


def _check(
    old: Sequence[Answers],
    new: Sequence[Sequence[float | None]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
) -> None:
    sizes = {len(old), len(new)} | ({len(groups)} if groups is not None else set())
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"both sides and the groups need the same samples; got lengths {sorted(sizes)}")
    epochs = {len(answers) for answers in new}
    if len(epochs) != 1 or not 1 <= max(epochs) <= planned:
        raise ValueError(f"every sample needs the same 1 to {planned} epochs; got {sorted(epochs)}")
    if not all(old) or any(answers[0] is None for answers in new):
        raise ValueError("every sample needs a score in the baseline and in the first epoch")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1; got {alpha!r}")
    if not all(0 <= score <= 1 for side in (old, new) for answers in side for score in answers if score is not None):
        raise ValueError("scores must lie in [0, 1]")
