"""What repeating a cell's samples shows: pass@k, pass^k, and which samples waver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import pass_at_k, pass_hat_k, reported_k


def passes(
    epochs: Mapping[str, Sequence[float]], groups: Mapping[str, str | None], pass_score: float
) -> dict[str, Estimate]:
    """`pass@k` and `pass^k` over samples, by name, for the k of `reported_k`; empty without repeats.

    `epochs` has the scores of each sample's scored epochs, right at or above `pass_score`. A
    sample with fewer than k of them is left out of the figures for k; n tells of how many they
    are.
    """
    counts = {name: (len(values), sum(value >= pass_score for value in values)) for name, values in epochs.items()}
    most = max((n for n, _ in counts.values()), default=0)
    if most < 2:
        return {}
    found: dict[str, Estimate] = {}
    for k in reported_k(most):
        known = {name: count for name, count in counts.items() if count[0] >= k}
        clusters = [groups[name] for name in known]
        found[f"pass@{k}"] = estimate([pass_at_k(n, right, k) for n, right in known.values()], clusters)
        found[f"pass^{k}"] = estimate([pass_hat_k(n, right, k) for n, right in known.values()], clusters)
    return found


def wavering(epochs: Mapping[str, Sequence[float]], pass_score: float) -> tuple[str, ...]:
    """The samples that were right in some epochs and not in others."""
    return tuple(name for name, values in epochs.items() if len({value >= pass_score for value in values}) > 1)
