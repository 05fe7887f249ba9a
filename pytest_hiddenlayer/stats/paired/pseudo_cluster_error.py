"""A standard error that is never 0: what was not seen among few pairs may still be there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..estimate.clusters import effective_groups


@dataclass(frozen=True, kw_only=True, slots=True)
class PseudoClusterError:
    """The error of a mean difference with two pseudo-clusters added."""

    stderr: float  # above 0
    shrink: float  # what the mean difference is multiplied with: the pseudo-clusters sum to 0
    df: float | None  # clusters of equal size, less one, at least 1; None: normal quantiles do
    flip: float  # size of a changed score, above 0: 1 for right/wrong answers

    def quantile(self, p: float) -> float:
        """That of Student's t, or the normal one."""
        from scipy.special import ndtri, stdtrit

        return float(ndtri(p) if self.df is None else stdtrit(self.df, p))

    def below(self, ratio: float) -> float:
        """The chance of a smaller ratio of a mean to its error."""
        from scipy.special import ndtr, stdtr

        return float(ndtr(ratio) if self.df is None else stdtr(self.df, ratio))


def bounded(
    sums: Sequence[float],
    sizes: Sequence[int],
    differences: Sequence[float],
    *,
    matched: bool = False,
    least_flip: float = 0.0,
) -> PseudoClusterError | None:
    """The error of the mean over clusters of these sums and sizes; None for a single cluster.

    Agresti & Min 2005 ("Simple improved confidence intervals for comparing matched
    proportions") add 1/2 to each cell of the 2 × 2 table of right/wrong answers: two pairs, of
    which one differs, by halves up and down. Here it is two clusters of the size in which a
    sample finds itself on average, Σ n_g²/n, with CR1's correction; for clusters of one it is
    theirs. The one that differs has the root mean square of the sums of those that do and of
    one flipped as a whole: where nothing was seen to differ, a whole cluster may. Its samples
    flip by `least_flip` at least, which is for scores that are known to flip by so much.
    `matched` pairs, right/wrong and of no cluster, have normal quantiles as theirs have.
    """
    groups, n = len(sums), sum(sizes)
    if groups < 2:
        return None
    size = sum(width * width for width in sizes) / n
    whole = n + 2 * size
    mean = math.fsum(sums) / whole
    squares = math.fsum((total - width * mean) ** 2 for total, width in zip(sums, sizes, strict=True))
    squares += max(_mean_square(size, sums), size * least_flip**2) + 2 * (size * mean) ** 2
    correction = groups / (groups - 1) if max(sizes) > 1 else 1.0
    return PseudoClusterError(
        stderr=math.sqrt(correction * squares) / whole,
        shrink=n / whole,
        df=None if matched else max(1.0, effective_groups(sizes) - 1),
        flip=math.sqrt(max(_mean_square(1.0, differences), least_flip**2)),
    )


def _mean_square(first: float, others: Sequence[float]) -> float:
    """Of `first` and of the others that are not 0."""
    seen = [value * value for value in others if value]
    return (first * first + math.fsum(seen)) / (1 + len(seen))
