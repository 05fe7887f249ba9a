"""The paired comparison of two sides scored on the same samples: difference, interval and one-sided p-values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..estimate.clusters import clustered_stderr, clusters
from .margin_tests import matched_margin, mean_margin
from .pseudo_cluster_error import PseudoClusterError, pseudo_cluster_error
from .sign_flip import sign_flip_test
from .stratified_exact import contingency_tables, rerun_test


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
    method: str  # of the p-values, in words

    @property
    def bound_stderr(self) -> float | None:
        """The standard error that is never 0, for power calculations; None: a single cluster."""
        return None if self.bound is None else self.bound.stderr


def compare_pairs(
    old: Sequence[float],
    new: Sequence[float],
    groups: Sequence[str | None] | None = None,
    *,
    margin: float = 0.0,
    epochs: tuple[int, int] | None = None,
    seed: int = 0,
) -> PairedTest:
    """The paired comparison of per-sample scores in [0, 1]; a sample without group is its own cluster.

    Right/wrong scores without groups get the exact McNemar test, all others the sign-flip test
    over clusters (`sign_flip.py`), which assumes that under the null hypothesis the two sides of
    a cluster are exchangeable. `epochs` is the number of epochs per old and per new score. If
    they differ, each p-value is the larger one of this test and the exact test of reruns
    (`stratified_exact.py`). With a non-inferiority `margin`, p_worse is that of
    `margin_tests.py`, but never below the one without margin.

    Raises ValueError if the inputs differ in length, are empty, or contain a score outside
    [0, 1].
    """
    _check(old, new, groups, margin, epochs)
    differences = [b - a for a, b in zip(old, new, strict=True)]
    sums, sizes = clusters(differences, groups)
    matched = len(sums) == len(differences) and all(value in (0, 1) for value in (*old, *new))
    uneven = epochs if epochs is not None and epochs[0] != epochs[1] else None
    min_flip = 1 / min(uneven) if uneven else 0.0
    pseudo_error = pseudo_cluster_error(sums, sizes, differences, matched=matched, min_flip=min_flip)
    worse, better, method = _tests(differences, sums, matched=matched, seed=seed)
    if uneven and (tables := contingency_tables(old, new, uneven)):
        rerun_worse, rerun_better = rerun_test(tables)
        worse, better = max(worse, rerun_worse), max(better, rerun_better)
        method += f", and exact test of reruns with {uneven[0]} and {uneven[1]} epochs"
    if margin > 0:
        beyond_margin, name = _margin_test(differences, pseudo_error, margin, matched=matched)
        worse, method = max(worse, beyond_margin), f"{method}; margin by {name}"
    difference = math.fsum(differences) / len(differences)
    return PairedTest(
        n=len(differences),
        n_groups=len(sums),
        old_mean=math.fsum(old) / len(old),
        new_mean=math.fsum(new) / len(new),
        difference=difference,
        ci95=None if pseudo_error is None else _interval(difference, pseudo_error),
        stderr=clustered_stderr(sums, sizes),
        bound=pseudo_error,
        p_worse=worse,
        p_better=better,
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


def _tests(
    differences: Sequence[float], sums: Sequence[float], *, matched: bool, seed: int
) -> tuple[float, float, str]:
    """(p for worse, p for better, method) without a margin."""
    if matched:
        wrong, right = differences.count(-1), differences.count(1)
        return mcnemar_worse(wrong, right), mcnemar_worse(right, wrong), "exact one-sided McNemar"
    return sign_flip_test(sums, seed=seed, unit="samples" if len(sums) == len(differences) else "groups")


def _margin_test(
    differences: Sequence[float], pseudo_error: PseudoClusterError | None, margin: float, *, matched: bool
) -> tuple[float, str]:
    if matched:
        p = matched_margin(differences.count(-1), differences.count(1), len(differences), margin)
        return p, "Tango's score test"
    return mean_margin(differences, pseudo_error, margin), "Student's t"


def _interval(difference: float, pseudo_error: PseudoClusterError) -> tuple[float, float]:
    """The 95 % interval around the difference, shrunk by the pseudo-clusters."""
    centre, half_width = difference * pseudo_error.shrink, pseudo_error.quantile(0.975) * pseudo_error.stderr
    return max(-1.0, min(centre - half_width, difference)), min(1.0, max(centre + half_width, difference))


def _check(
    old: Sequence[float],
    new: Sequence[float],
    groups: Sequence[str | None] | None,
    margin: float,
    epochs: tuple[int, int] | None,
) -> None:
    if len(old) != len(new) or (groups is not None and len(groups) != len(old)):
        raise ValueError(f"both sides and the groups need one entry per sample; got {len(old)} and {len(new)}")
    if len(old) == 0:
        raise ValueError("no pairs: at least one sample is needed")
    if not all(0 <= value <= 1 for value in (*old, *new)):
        raise ValueError("scores must lie in [0, 1]")
    if not 0 <= margin <= 1:
        raise ValueError(f"the margin must lie in [0, 1]; got {margin!r}")
    if epochs is not None and min(epochs) < 1:
        raise ValueError(f"each side needs at least one epoch; got {epochs!r}")
