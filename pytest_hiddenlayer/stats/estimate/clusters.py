"""Clusters of dependent values: their sums and sizes, and the standard error of a mean over them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Sequence


def mean_of(values: Sequence[float]) -> float:
    """The mean, clamped to the range of the values, so that equal scores of 0.7 reach a threshold of 0.7 exactly."""
    return min(max(statistics.fmean(values), min(values)), max(values))


def clusters(values: Sequence[float], groups: Sequence[Hashable | None] | None) -> tuple[list[float], list[int]]:
    """(sums, sizes) of the clusters, in order of first appearance; a value without group is its own cluster."""
    if groups is None or (len(groups) == len(values) and groups.count(None) == len(groups)):
        return list(map(float, values)), [1] * len(values)
    members: dict[object, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(object() if group is None else group, []).append(value)
    return [math.fsum(cluster) for cluster in members.values()], [len(cluster) for cluster in members.values()]


def clustered_stderr(sums: Sequence[float], sizes: Sequence[int]) -> float | None:
    """Standard error of the mean over clusters, with CR1's correction G/(G - 1); None for a single cluster.

    sqrt(G/(G - 1) · Σ_g (Σ_{i in g} (x_i - mean))²) / n. Miller 2024, "Adding Error Bars to
    Evals", arXiv:2411.00640, section 2.2, leaves out the correction. That error (CR0) is too
    small for few clusters: Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust
    Inference", section II.B. For clusters of one sample, CR1 is the standard error with ddof 1.
    """
    groups, n = len(sums), sum(sizes)
    if groups < 2:
        return None
    mean = math.fsum(sums) / n
    squares = math.fsum((total - size * mean) ** 2 for total, size in zip(sums, sizes, strict=True))
    return math.sqrt(groups / (groups - 1) * squares) / n


def effective_groups(sizes: Sequence[int]) -> float:
    """The number of equal-sized clusters with as much information: n² / Σ n_g², at most the number of clusters.

    Carter, Schnepel & Steigerwald 2017, "Asymptotic Behavior of a t-Test Robust to Cluster
    Heterogeneity", for a mean whose clusters are identical inside.
    """
    return sum(sizes) ** 2 / sum(size * size for size in sizes)
