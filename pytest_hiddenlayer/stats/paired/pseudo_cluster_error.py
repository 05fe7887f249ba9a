"""A standard error that is never 0, because few pairs without a difference do not rule one out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..estimate.clusters import effective_groups


@dataclass(frozen=True, kw_only=True, slots=True)
class PseudoClusterError:
    """The standard error of a mean difference with two pseudo-clusters added."""

    stderr: float  # above 0
    shrink: float  # factor of the mean difference, since the pseudo-clusters sum to 0
    df: float | None  # equal-sized clusters minus 1, at least 1; None: use normal quantiles
    flip: float  # size of a changed score, above 0: 1 for right/wrong answers
    cluster_size: float  # samples in an average sample's cluster, Σ n_g²/n; 1 without clusters

    def quantile(self, p: float) -> float:
        """The quantile of Student's t, or of the normal distribution if `df` is None."""
        from scipy.special import ndtri, stdtrit

        return float(ndtri(p) if self.df is None else stdtrit(self.df, p))

    def below(self, ratio: float) -> float:
        """The probability of a smaller ratio of a mean to its standard error."""
        from scipy.special import ndtr, stdtr

        return float(ndtr(ratio) if self.df is None else stdtr(self.df, ratio))


def pseudo_cluster_error(
    sums: Sequence[float],
    sizes: Sequence[int],
    differences: Sequence[float],
    *,
    matched: bool = False,
    min_flip: float = 0.0,
) -> PseudoClusterError | None:
    """The standard error of the mean over clusters of these sums and sizes; None for a single cluster.

    Agresti & Min 2005 ("Simple improved confidence intervals for comparing matched
    proportions") add 1/2 to each cell of the 2 × 2 table of right/wrong answers: two pairs, of
    which one differs, half of it up and half of it down. Here two clusters are added, of the
    size of an average sample's cluster, Σ n_g²/n, with CR1's correction; for clusters of one it
    is their method. The cluster that differs has the root mean square of the sums that are not
    0 and of one cluster flipped as a whole: even if no difference was observed, a whole cluster
    may differ. Its samples flip by at least `min_flip`, for scores whose smallest step is known.
    `matched` pairs (right/wrong, without clusters) use normal quantiles, as theirs do.
    """
    groups, n = len(sums), sum(sizes)
    if groups < 2:
        return None
    size = sum(width * width for width in sizes) / n
    n_with_pseudo = n + 2 * size
    mean = math.fsum(sums) / n_with_pseudo
    squares = math.fsum((total - width * mean) ** 2 for total, width in zip(sums, sizes, strict=True))
    squares += max(_mean_square(size, sums), size * min_flip**2) + 2 * (size * mean) ** 2
    correction = groups / (groups - 1) if max(sizes) > 1 else 1.0
    return PseudoClusterError(
        stderr=math.sqrt(correction * squares) / n_with_pseudo,
        shrink=n / n_with_pseudo,
        df=None if matched else max(1.0, effective_groups(sizes) - 1),
        flip=math.sqrt(max(_mean_square(1.0, differences), min_flip**2)),
        cluster_size=size,
    )


def _mean_square(first: float, others: Sequence[float]) -> float:
    """The mean square of `first` and of the others that are not 0."""
    squares = [value * value for value in others if value]
    return (first * first + math.fsum(squares)) / (1 + len(squares))
