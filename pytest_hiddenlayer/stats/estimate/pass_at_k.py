"""Several answers per sample: one score from its epochs, and unbiased pass@k and pass^k."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from .clusters import mean_of


def reduce_epochs(values: Sequence[float], reducer: str, pass_score: float) -> float:
    """One score from the epochs of a sample.

    The reducer `pass_at_k` is 1 if at least one epoch is right, `pass_hat_k` if all are, else 0:
    k is the number of epochs, so that both are known exactly.
    """
    if len(values) == 1 and not reducer.startswith("pass"):
        return values[0]
    if reducer == "median":
        return statistics.median(values)
    if reducer == "mode":
        return statistics.mode(values)
    if reducer in ("max", "pass_at_k"):
        return max(values) if reducer == "max" else float(any(v >= pass_score for v in values))
    if reducer == "pass_hat_k":
        return float(all(v >= pass_score for v in values))
    return mean_of(values)


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that at least one of k answers is right, unbiased, from `right` of n: 1 - C(n - right, k)/C(n, k).

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", arXiv:2107.03374,
    equation 1; in integers, so that nothing overflows or cancels. Raises ValueError if k answers
    cannot be drawn from n.
    """
    _check(n, right, k)
    draws = math.comb(n, k)
    return (draws - math.comb(n - right, k)) / draws


def pass_hat_k(n: int, right: int, k: int) -> float:
    """The chance that all of k answers are right, unbiased, from `right` of n: C(right, k)/C(n, k).

    Yao et al. 2024, "τ-bench", arXiv:2406.12045, section 4. Raises ValueError as `pass_at_k` does.
    """
    _check(n, right, k)
    return math.comb(right, k) / math.comb(n, k)


def reported_k(epochs: int) -> tuple[int, ...]:
    """The k for which pass@k and pass^k are reported: powers of two below the number of epochs, and that number."""
    return tuple(sorted({2**power for power in range(epochs.bit_length()) if 2**power < epochs} | {epochs}))


def _check(n: int, right: int, k: int) -> None:
    if not 0 <= right <= n:
        raise ValueError(f"{right} right answers of {n}: need 0 to {n}")
    if not 1 <= k <= n:
        raise ValueError(f"k must lie between 1 and the number of answers, {n}; got {k}")
