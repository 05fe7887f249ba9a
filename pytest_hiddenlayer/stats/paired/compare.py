"""The paired comparison of two sides scored on the same samples: difference, interval, tests and equivalence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..estimate.clusters import clustered_stderr, clusters
from ..estimate.empirical_likelihood import BoundedMean
from .pseudo_cluster_error import PseudoClusterError, pseudo_cluster_error

if TYPE_CHECKING:
    from .reruns import Answers  # the tests import numpy, which a run without a baseline does not need


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedTest:
    """A paired comparison. Differences are new minus old: below 0 is worse."""

    n: int  # pairs
    n_groups: int  # clusters; n if no sample has a group
    old_mean: float
    new_mean: float
    difference: float
    ci95: tuple[float, float] | None  # of the difference, within [-1, 1]; None: a single cluster
    stderr: float | None  # of the difference, CR1; None: a single cluster
    bound: PseudoClusterError | None  # the same with two pseudo-clusters: never 0; None: a single cluster
    p_worse: float  # one-sided, H0: the true difference is at least -margin
    p_better: float  # one-sided, H0: the true difference is at most 0
    p_different: float | None  # H0: the true difference lies outside ±min_effect; None: no min_effect
    method: str  # of the first two p-values, in words


def compare_pairs(
    old: Sequence[float],
    new: Sequence[float],
    groups: Sequence[str | None] | None = None,
    *,
    margin: float = 0.0,
    min_effect: float | None = None,
    answers: tuple[Sequence[Answers], Sequence[Answers]] | None = None,
    seed: int = 0,
) -> PairedTest:
    """The paired comparison of per-sample scores in [0, 1]; a sample without group is its own cluster.

    Right/wrong scores without groups get the exact McNemar test, all others the sign-flip test
    over clusters (`sign_flip.py`). Both test the null hypothesis that the two sides of a cluster
    are exchangeable, not only that their means are equal. `answers` holds the scored answers of
    each sample, old and new, whose means are the scores. If a sample has more of them on one
    side, each p-value is the larger one of this test and the test of reruns (`reruns.py`). With
    a non-inferiority `margin`, p_worse is that of `margin_tests.py`, but never below the one
    without margin. With an equivalence margin `min_effect`, p_different is that of
    `equivalence.py`.

    Raises ValueError if the inputs differ in length, are empty, or contain a score outside
    [0, 1].
    """
    _check(old, new, groups, margin, answers)
    differences = [b - a for a, b in zip(old, new, strict=True)]
    sums, sizes = clusters(differences, groups)
    mean = BoundedMean(sums=sums, sizes=sizes, low=-1.0, high=1.0)
    matched = len(sums) == len(differences) and all(value in (0, 1) for value in (*old, *new))
    uneven = answers if answers and any(len(a) != len(b) for a, b in zip(*answers, strict=True)) else None
    worse, better, method = _tests(differences, sums, matched=matched, seed=seed)
    if uneven is not None:
        from .reruns import rerun_test

        rerun_worse, rerun_better, name = rerun_test(*uneven, seed=seed)
        worse, better, method = max(worse, rerun_worse), max(better, rerun_better), f"{method}, and {name}"
    if margin > 0:
        beyond_margin, name = _margin_test(differences, mean, margin, matched=matched)
        worse, method = max(worse, beyond_margin), f"{method}; margin by {name}"
    return PairedTest(
        n=len(differences),
        n_groups=len(sums),
        old_mean=math.fsum(old) / len(old),
        new_mean=math.fsum(new) / len(new),
        difference=math.fsum(differences) / len(differences),
        ci95=_interval(differences, mean, matched=matched),
        stderr=clustered_stderr(sums, sizes),
        bound=pseudo_cluster_error(sums, sizes, differences, matched=matched, min_flip=_min_flip(uneven)),
        p_worse=worse,
        p_better=better,
        p_different=_equivalence(differences, sums, sizes, min_effect, matched=matched),
        method=method,
    )


def mcnemar_worse(newly_wrong: int, newly_right: int) -> float:
    """The exact one-sided p-value for "the new side is worse", from the discordant pairs.

    P(X >= newly_wrong) for X ~ Binomial(newly_wrong + newly_right, 1/2); 1 if there is no
    discordant pair. McNemar 1947, with the exact binomial distribution instead of chi-squared.
    """
    from scipy.special import bdtrc

    n = newly_wrong + newly_right
    return 1.0 if newly_wrong == 0 else float(bdtrc(newly_wrong - 1, n, 0.5))


def _equivalence(
    differences: Sequence[float],
    sums: Sequence[float],
    sizes: Sequence[int],
    min_effect: float | None,
    *,
    matched: bool,
) -> float | None:
    if min_effect is None:
        return None
    from .equivalence import equivalence_test

    return equivalence_test(differences, sums, sizes, min_effect, matched=matched)


def _tests(
    differences: Sequence[float], sums: Sequence[float], *, matched: bool, seed: int
) -> tuple[float, float, str]:
    """(p for worse, p for better, method) without a margin."""
    if matched:
        wrong, right = differences.count(-1), differences.count(1)
        return mcnemar_worse(wrong, right), mcnemar_worse(right, wrong), "exact one-sided McNemar"
    from .sign_flip import sign_flip_test

    return sign_flip_test(sums, seed=seed, unit="samples" if len(sums) == len(differences) else "groups")


def _margin_test(
    differences: Sequence[float], mean: BoundedMean, margin: float, *, matched: bool
) -> tuple[float, str]:
    from .margin_tests import matched_margin, mean_margin

    if matched:
        p = matched_margin(differences.count(-1), differences.count(1), len(differences), margin)
        return p, "Tango's score test"
    return mean_margin(mean, margin), "empirical likelihood"


def _interval(differences: Sequence[float], mean: BoundedMean, *, matched: bool) -> tuple[float, float] | None:
    """The 95 % interval of the difference; None for a single cluster."""
    if len(mean.sums) < 2:
        return None
    if matched:
        from .margin_tests import tango_interval

        return tango_interval(differences.count(-1), differences.count(1), len(differences))
    return mean.interval()


def _min_flip(uneven: tuple[Sequence[Answers], Sequence[Answers]] | None) -> float:
    """The change of a score if one answer of the side with fewer answers flips; 0 if both sides have as many."""
    return 0.0 if uneven is None else 1 / min(max(map(len, side)) for side in uneven)


def _check(
    old: Sequence[float],
    new: Sequence[float],
    groups: Sequence[str | None] | None,
    margin: float,
    answers: tuple[Sequence[Answers], Sequence[Answers]] | None,
) -> None:
    if len(old) != len(new) or (groups is not None and len(groups) != len(old)):
        raise ValueError(f"both sides and the groups need one entry per sample; got {len(old)} and {len(new)}")
    if len(old) == 0:
        raise ValueError("no pairs: at least one sample is needed")
    if not all(0 <= value <= 1 for value in (*old, *new)):
        raise ValueError("scores must lie in [0, 1]")
    if not 0 <= margin <= 1:
        raise ValueError(f"the margin must lie in [0, 1]; got {margin!r}")
    if answers is not None and not all(len(side) == len(old) and all(side) for side in answers):
        raise ValueError("each side needs at least one answer per sample")
