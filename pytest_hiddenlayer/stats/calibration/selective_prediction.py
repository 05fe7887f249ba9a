"""Does a confidence tell right answers from wrong ones? Only its order matters here, not its size."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..estimate.clusters import clusters
from ..estimate.mean_interval import Estimate, linearised, quantile, student, wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskPoint:
    """What happens when only answers of at least some confidence are given."""

    confidence: float  # the least that is given
    coverage: float  # share of the answers that is given
    n: int  # of them
    risk: float  # share of those that is wrong
    stderr: float | None  # of the risk, CR1; None: a single answer or cluster


def auroc(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> Estimate | None:
    """The chance that a right answer is more confident than a wrong one; None where all are right or all wrong.

    The Mann–Whitney statistic, ties count a half. Its error is DeLong, DeLong & Clarke-Pearson's
    (1988, "Comparing the Areas under Two or More Correlated ROC Curves"), over clusters as in
    Obuchowski 1997, "Nonparametric Analysis of Clustered ROC Curve Data"; the interval is
    Student's with the clusters of the rarer side less one. `n` counts both sides.
    """
    n, n_right = len(right), sum(right)
    if n_right in (0, n):
        return None
    places = _places(confidences, right)
    value = math.fsum(place for place, hit in zip(places, right, strict=True) if hit) / n_right
    whole = len(clusters(places, groups)[0])
    n_groups = whole if whole < n else None
    sides = {side: _clusters_of(groups, right, side) for side in (True, False)}
    few = min(sides.values())
    if few < 2:
        what = "answer" if n_groups is None else "cluster"
        why = f"no interval: a single {what} with {'right' if sides[True] < 2 else 'wrong'} ones"
        return Estimate(n=n, mean=value, stderr=None, ci95=None, n_groups=n_groups, method=why)
    weight = {side: math.sqrt(k / (k - 1)) / (n_right if side else n - n_right) for side, k in sides.items()}
    sums, _ = clusters([(place - value) * weight[hit] for place, hit in zip(places, right, strict=True)], groups)
    stderr = math.sqrt(math.fsum(total * total for total in sums))
    ci95 = student(value, stderr, few - 1) if stderr > 1e-12 else wilson(value, few, quantile(few - 1))
    method = "DeLong" if n_groups is None else "DeLong over clusters"
    return Estimate(n=n, mean=value, stderr=stderr, ci95=ci95, n_groups=n_groups, method=method)


def risk_coverage(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> tuple[RiskPoint, ...]:
    """The risk at every coverage, most confident first; answers of equal confidence come in together.

    Geifman & El-Yaniv 2017, "Selective Classification for Deep Neural Networks", section 2.
    """
    points, errors = [], _Errors()
    for confidence, block, given, wrong in _steps(confidences, right):
        for at in block:
            errors.add(at if groups is None or groups[at] is None else (groups[at],), not right[at])
        stderr = errors.stderr(wrong / given, given)
        coverage = given / len(right)
        points.append(RiskPoint(confidence=confidence, coverage=coverage, n=given, risk=wrong / given, stderr=stderr))
    return tuple(points)


def aurc(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[Hashable | None] | None = None
) -> Estimate:
    """The mean risk over all coverages, each weighing what it adds to the one before; 0 is best.

    Geifman, Uziel & El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural
    Classifiers", arXiv:1805.08206, section 2. Its error is that of the influence function.
    """
    n = len(right)
    steps = list(_steps(confidences, right))
    value = math.fsum(len(block) * wrong / given for _, block, given, wrong in steps) / n
    influences = [0.0] * n
    weight = moved = 0.0  # Σ m/N and Σ m/N · risk over this block of m and all that are less confident
    for _, block, given, wrong in reversed(steps):
        weight += len(block) / given
        moved += len(block) / given * wrong / given
        for at in block:
            influences[at] = wrong / given - value + (not right[at]) * weight - moved
    return linearised(value, influences, groups)


class _Errors:
    """The clustered error of a share of wrong answers, kept up to date as answers come in."""

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
        """CR1, as `clusters.clustered_stderr`."""
        groups = len(self._size)
        if groups < 2:
            return None
        squares = max(0.0, self._ww - 2 * risk * self._wn + risk * risk * self._nn)
        return math.sqrt(groups / (groups - 1) * squares) / n


def _blocks(confidences: Sequence[float]) -> Iterator[tuple[float, list[int]]]:
    """(confidence, places of the answers that have it), most confident first."""
    order = sorted(range(len(confidences)), key=confidences.__getitem__, reverse=True)
    for confidence, tied in groupby(order, key=confidences.__getitem__):
        yield confidence, list(tied)


def _steps(confidences: Sequence[float], right: Sequence[bool]) -> Iterator[tuple[float, list[int], int, int]]:
    """(confidence, places of the answers that have it, answers so far, wrong ones so far), most confident first."""
    given = wrong = 0
    for confidence, block in _blocks(confidences):
        given += len(block)
        wrong += sum(not right[at] for at in block)
        yield confidence, block, given, wrong


def _places(confidences: Sequence[float], right: Sequence[bool]) -> list[float]:
    """Of each answer the share of the other side that it beats, right ones by more confidence, wrong ones by less."""
    n_right = sum(right)
    n_wrong = len(right) - n_right
    places = [0.0] * len(right)
    right_above = wrong_above = 0
    for _, block in _blocks(confidences):
        right_here = sum(right[at] for at in block)
        wrong_here = len(block) - right_here
        for at in block:
            if right[at]:
                places[at] = 1 - (wrong_above + wrong_here / 2) / n_wrong
            else:
                places[at] = (right_above + right_here / 2) / n_right
        right_above += right_here
        wrong_above += wrong_here
    return places


def _clusters_of(groups: Sequence[Hashable | None] | None, right: Sequence[bool], side: bool) -> int:
    """Clusters that hold an answer of this side; None is a cluster of its own."""
    names = groups if groups is not None else [None] * len(right)
    found = Counter(name for name, hit in zip(names, right, strict=True) if hit == side)
    return found[None] + len(found) - (None in found)
