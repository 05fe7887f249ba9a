"""Looking at a comparison after every epoch without losing the error rate.

A group-sequential permutation test with the α spending of `spending.py`. The samples of all
looks are the same, their differences become less noisy with every epoch. A cluster's whole
trajectory over the looks is flipped in sign at once, so that the dependence between looks and
within clusters is the data's own.

Sign flips take differences to be symmetric, and they are skewed where a look has another
number of epochs than the baseline (see `rerun.py`). So with the baseline's scores at hand a
boundary must be crossed among reruns of the same system too: there the difference at look k is
normal with variance V(1/k + 1/E) and independent increments, V the variance of one answer
within its sample and E the baseline's epochs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from ..estimate.clusters import clusters
from ..paired.pseudo_cluster_error import bounded
from ..paired.sign_flips import DRAWS, flipped_totals
from ..paired.stratified_exact import contingency_tables, within_variance
from .alpha_spending import Crossing, both, first_crossing, spent

_MOST_DRAWS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The first look at which the verdict was clear."""

    verdict: Literal["regressed", "improved", "same"]
    look: int  # from 1
    p: float  # chance to be decided so by this look under the null hypothesis; 1 for `same`
    spent: float  # α that may have been spent by then, for each direction


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineScores:
    """The baseline's side of the differences."""

    scores: Sequence[float]  # in the order of the samples
    epochs: int  # that they are means over


def decide(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None = None,
    *,
    planned: int,
    alpha: float = 0.05,
    margin: float = 0.0,
    min_effect: float = 0.05,
    before: BaselineScores | None = None,
    seed: int = 0,
) -> Decision | None:
    """The decision of the first look that has one; None where none has yet.

    `looks[k]` holds the differences (new minus old) of all samples over the epochs 1 to k + 1,
    the same samples in the same order; `planned` is the number of looks that there can be.
    `regressed` and `improved` are one-sided tests with `alpha` each; `same` needs the interval
    at the level of this look within ±min_effect. Raises ValueError for looks that do not fit.
    """
    _check(looks, groups, planned, alpha, before)
    worse, better = _crossings(looks, groups, planned, alpha, margin, before, seed)
    for k, look in enumerate(looks):
        by_now = spent(alpha, k + 1, planned)
        if worse is not None and worse[0] == k:
            return Decision(verdict="regressed", look=k + 1, p=worse[1], spent=by_now)
        if better is not None and better[0] == k:
            return Decision(verdict="improved", look=k + 1, p=better[1], spent=by_now)
        if _same(look, groups, by_now - spent(alpha, k, planned), min_effect, _least_flip(before, k + 1)):
            return Decision(verdict="same", look=k + 1, p=1.0, spent=by_now)
    return None


def _crossings(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    margin: float,
    before: BaselineScores | None,
    seed: int,
) -> tuple[Crossing, Crossing]:
    """Those for worse and for better; against sign flips and, where it can be said, against reruns."""
    draws = min(_MOST_DRAWS, max(DRAWS, math.ceil(20 * planned**2 / alpha)))
    flips = _flipped(looks, groups, 0.0, draws, seed)
    better, worse = first_crossing(flips, planned, alpha), first_crossing(-flips, planned, alpha)
    if margin > 0:
        worse = both(worse, first_crossing(-_flipped(looks, groups, margin, draws, seed), planned, alpha))
    reruns = None if before is None else _reruns(looks, before, draws, seed)
    if reruns is not None:
        better = both(better, first_crossing(reruns, planned, alpha))
        worse = both(worse, first_crossing(-reruns, planned, alpha))
    return worse, better


def _flipped(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    margin: float,
    draws: int,
    seed: int,
) -> Any:
    """Sums over samples of difference plus margin with clusters flipped, the data's first; (looks, flips)."""
    import numpy as np

    paths = np.array([clusters([value + margin for value in look], groups)[0] for look in looks])
    differing = paths[:, np.abs(paths).any(axis=0)]
    few = 2 ** differing.shape[1] <= draws  # so few that every flip is counted
    return flipped_totals(differing if few else paths, draws, seed)


def _reruns(looks: Sequence[Sequence[float]], before: BaselineScores, draws: int, seed: int) -> Any:
    """Standardised sums of every look, the data's first, then of reruns; None where scores are graded."""
    import numpy as np

    ours = np.zeros((len(looks), 1))
    for k, look in enumerate(looks):
        now = [difference + old for difference, old in zip(look, before.scores, strict=True)]
        samples = contingency_tables(before.scores, now, (before.epochs, k + 1))
        if samples is None:
            return None
        variance = within_variance(samples)
        ours[k] = math.fsum(look) / math.sqrt(variance) if variance else 0.0
    return np.hstack([ours, _normal(len(looks), before.epochs, draws, seed)])


@lru_cache(maxsize=4)
def _normal(looks: int, epochs: int, draws: int, seed: int) -> Any:
    """Differences of mean errors after every look, of answers with variance 1; (looks, draws)."""
    import numpy as np

    random = np.random.default_rng([seed, 1])
    old = random.standard_normal(draws) / math.sqrt(epochs)
    new = np.cumsum(random.standard_normal((looks, draws)), axis=0)
    return new / np.arange(1, looks + 1)[:, None] - old


def _least_flip(before: BaselineScores | None, look: int) -> float:
    """As in `compare_pairs`: one answer of the side with fewer epochs."""
    return 0.0 if before is None or before.epochs == look else 1 / min(before.epochs, look)


def _same(
    differences: Sequence[float],
    groups: Sequence[str | None] | None,
    level: float,
    min_effect: float,
    least_flip: float,
) -> bool:
    """Whether the interval that errs with `level` on each side lies within ±min_effect."""
    bound = bounded(*clusters(differences, groups), differences, least_flip=least_flip)
    if bound is None:
        return False
    half = bound.quantile(1 - level) * bound.stderr
    return abs(math.fsum(differences) / len(differences)) + half <= min_effect


def _check(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    before: BaselineScores | None,
) -> None:
    sizes = {len(look) for look in looks} | ({len(groups)} if groups is not None else set())
    sizes |= {len(before.scores)} if before is not None else set()
    if not looks or len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"every look needs the same samples; got {sorted(sizes)}")
    if len(looks) > planned:
        raise ValueError(f"{len(looks)} looks, {planned} planned")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies between 0 and 1; got {alpha!r}")
    if not all(-1 <= value <= 1 for look in looks for value in look):
        raise ValueError("differences of scores lie in [-1, 1]")
