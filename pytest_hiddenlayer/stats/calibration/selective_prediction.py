"""How well confidences separate right answers from wrong ones: AUROC, and risk by coverage. Only order counts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..estimate.clusters import clusters
from ..estimate.mean_interval import Estimate, linearised, logit_interval, quantile, wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskPoint:
    """The risk if only answers with at least this confidence are given."""

    confidence: float  # of the least confident answer given
    coverage: float  # share of the answers given
    n: int  # answers given
    risk: float  # share of wrong answers among them
    stderr: float | None  # of the risk, CR1; None: a single answer or cluster


def auroc(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> Estimate | None:
    """The chance that a right answer is more confident than a wrong one; None if all are right or all wrong.

    The Mann–Whitney statistic; ties count one half. The standard error is that of DeLong, DeLong
    & Clarke-Pearson 1988, "Comparing the Areas under Two or More Correlated ROC Curves", over
    clusters as in Obuchowski 1997, "Nonparametric Analysis of Clustered ROC Curve Data". The
    interval is Student's t of the logit; its degrees of freedom are the clusters of the rarer side
    minus 1. `n` counts both sides.
    """
    n, n_right = len(right), sum(right)
    if n_right in (0, n):
        return None
    shares = _shares_beaten(confidences, right)
    value = math.fsum(share for share, hit in zip(shares, right, strict=True) if hit) / n_right
    n_clusters = len(clusters(shares, groups)[0])
    n_groups = n_clusters if n_clusters < n else None
    sides = {side: _clusters_of(groups, right, side) for side in (True, False)}
    fewest = min(sides.values())
    if fewest < 2:
        unit = "answer" if n_groups is None else "cluster"
        why = f"no interval: a single {unit} with {'right' if sides[True] < 2 else 'wrong'} ones"
        return Estimate(n=n, mean=value, stderr=None, ci95=None, n_groups=n_groups, method=why)
    weight = {side: math.sqrt(k / (k - 1)) / (n_right if side else n - n_right) for side, k in sides.items()}
    sums, _ = clusters([(share - value) * weight[hit] for share, hit in zip(shares, right, strict=True)], groups)
    stderr = math.sqrt(math.fsum(total * total for total in sums))
    varies = stderr > 1e-12 and 0 < value < 1
    ci95 = logit_interval(value, stderr, fewest - 1) if varies else wilson(value, fewest, quantile(fewest - 1))
    method = "DeLong" if n_groups is None else "DeLong over clusters"
    return Estimate(n=n, mean=value, stderr=stderr, ci95=ci95, n_groups=n_groups, method=method)


def risk_coverage(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> tuple[RiskPoint, ...]:
    """The risk at every coverage, most confident first; answers of equal confidence enter together.

    Geifman & El-Yaniv 2017, "Selective Classification for Deep Neural Networks", section 2.
    """
    points, error = [], _ClusteredError()
    for confidence, block, given, wrong in _steps(confidences, right):
        for index in block:
            error.add(index if groups is None or groups[index] is None else (groups[index],), not right[index])
        stderr = error.stderr(wrong / given, given)
        coverage = given / len(right)
        points.append(RiskPoint(confidence=confidence, coverage=coverage, n=given, risk=wrong / given, stderr=stderr))
    return tuple(points)


def aurc(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> Estimate:
    """The mean risk over all coverages, weighted by the coverage that each step adds; 0 is best.

    Geifman, Uziel & El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural
    Classifiers", arXiv:1805.08206, section 2. The standard error is that of the influence function;
    the interval's degrees of freedom are the clusters of the rarer side minus 1, as in `auroc`.
    """
    n = len(right)
    steps = list(_steps(confidences, right))
    value = math.fsum(len(block) * wrong / given for _, block, given, wrong in steps) / n
    influences = [0.0] * n
    weight = weighted_risk = 0.0  # Σ m/N and Σ m/N · risk, over this block of m answers and all less confident ones
    for _, block, given, wrong in reversed(steps):
        weight += len(block) / given
        weighted_risk += len(block) / given * wrong / given
        for index in block:
            influences[index] = wrong / given - value + (not right[index]) * weight - weighted_risk
    fewest = min(_clusters_of(groups, right, side) for side in (True, False))
    return linearised(value, influences, groups, df=fewest - 1)


class _ClusteredError:
    """The clustered standard error of a share of wrong answers, updated as answers are added."""

    def __init__(self) -> None:
        self._wrong: dict[Hashable, int] = defaultdict(int)
        self._size: dict[Hashable, int] = defaultdict(int)
        self._ww = self._wn = self._nn = 0  # Σ wrong², Σ wrong·size, Σ size² over clusters

    def add(self, cluster: Hashable, wrong: bool) -> None:
        before_wrong, before_size = self._wrong[cluster], self._size[cluster]
        now_wrong, now_size = before_wrong + wrong, before_size + 1
        self._ww += now_wrong**2 - before_wrong**2
        self._wn += now_wrong * now_size - before_wrong * before_size
        self._nn += now_size**2 - before_size**2
        self._wrong[cluster], self._size[cluster] = now_wrong, now_size

    def stderr(self, risk: float, n: int) -> float | None:
        """CR1, as in `clusters.clustered_stderr`."""
        groups = len(self._size)
        if groups < 2:
            return None
        squares = max(0.0, self._ww - 2 * risk * self._wn + risk * risk * self._nn)
        return math.sqrt(groups / (groups - 1) * squares) / n


def _blocks(confidences: Sequence[float]) -> Iterator[tuple[float, list[int]]]:
    """(confidence, indices of the answers that have it), most confident first."""
    order = sorted(range(len(confidences)), key=confidences.__getitem__, reverse=True)
    for confidence, tied in groupby(order, key=confidences.__getitem__):
        yield confidence, list(tied)


def _steps(confidences: Sequence[float], right: Sequence[bool]) -> Iterator[tuple[float, list[int], int, int]]:
    """(confidence, indices of the answers that have it, answers so far, wrong ones so far), most confident first."""
    given = wrong = 0
    for confidence, block in _blocks(confidences):
        given += len(block)
        wrong += sum(not right[index] for index in block)
        yield confidence, block, given, wrong


def _shares_beaten(confidences: Sequence[float], right: Sequence[bool]) -> list[float]:
    """Each answer's share of the other side that it beats: right answers by more confidence, wrong ones by less."""
    n_right = sum(right)
    n_wrong = len(right) - n_right
    shares = [0.0] * len(right)
    right_above = wrong_above = 0
    for _, block in _blocks(confidences):
        right_here = sum(right[index] for index in block)
        wrong_here = len(block) - right_here
        for index in block:
            if right[index]:
                shares[index] = 1 - (wrong_above + wrong_here / 2) / n_wrong
            else:
                shares[index] = (right_above + right_here / 2) / n_right
        right_above += right_here
        wrong_above += wrong_here
    return shares


def _clusters_of(groups: Sequence[Hashable | None] | None, right: Sequence[bool], side: bool) -> int:
    """Clusters that hold an answer of this side; an answer without group is its own cluster."""
    names = groups if groups is not None else [None] * len(right)
    sizes = Counter(name for name, hit in zip(names, right, strict=True) if hit == side)
    return sizes[None] + len(sizes) - (None in sizes)
