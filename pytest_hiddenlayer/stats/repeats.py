"""Epochs: several answers to one sample."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def reduce_epochs(values: Sequence[float], reducer: str, pass_score: float) -> float:
    """One score from the epochs of a sample.

    `pass_at_k` is the chance that at least one of the k epochs is right, `pass_hat_k` that
    all are, with k the number of epochs seen: over all of them both are plain facts.
    """
    if reducer == "median":
        return statistics.median(values)
    if reducer == "mode":
        return statistics.mode(values)
    if reducer in ("max", "pass_at_k"):
        return max(values) if reducer == "max" else float(any(v >= pass_score for v in values))
    if reducer == "pass_hat_k":
        return float(all(v >= pass_score for v in values))
    return float(statistics.mean(values))
