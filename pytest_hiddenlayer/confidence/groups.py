"""The group confidences of DeepConf: means of token confidence over windows of a completion.

Fu, Wang, Tian & Zhao 2025, "Deep Think with Confidence", arXiv:2508.15260, and its code `deepconf`
0.1.0. Differences from that code: nothing is rounded to 3 decimals, and a completion without
tokens has no confidence instead of 0.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from itertools import accumulate

K = 20
"""Most probable alternatives per token, as in DeepConf."""
WINDOW = 2048
"""Tokens of a group and of the tail, as in DeepConf."""
BOTTOM = 0.1
"""Share of the windows that `bottom_confidence` averages, as in DeepConf."""


LOWEST = -9999.0
"""What OpenAI and vLLM write for a log-probability that is minus infinity or not known."""


def is_known(logprob: float | None) -> bool:
    """Whether this is a log-probability: neither missing, infinite nor `LOWEST`."""
    return logprob is not None and math.isfinite(logprob) and logprob > LOWEST


def best_logprobs(alternatives: Mapping[str, float | None], k: int = K) -> list[float]:
    """The `k` highest log-probabilities of one token, highest first; those that are not known are left out."""
    known = [value for value in alternatives.values() if value is not None and is_known(value)]
    return sorted(known, reverse=True)[:k]


def token_confidences(top_logprobs: Sequence[Mapping[str, float | None]], k: int = K) -> list[float]:
    """The confidence of each token, in nats: −(1/k) Σ ln p over its `k` most probable alternatives.

    At least 0; high means confident, because the alternatives to a certain token are improbable. If
    fewer than `k` alternatives are known, the mean is over those; confidences of different k are not
    comparable. A token with fewer than 2 alternatives has no confidence and is left out.
    """
    best = (best_logprobs(alternatives, k) for alternatives in top_logprobs)
    return [-math.fsum(logs) / len(logs) for logs in best if len(logs) > 1]


def group_confidences(confidences: Sequence[float], window: int = WINDOW) -> list[float]:
    """The mean token confidence of every run of `window` tokens, in order.

    A completion that is shorter than `window` is one group; one without tokens has none.
    """
    if not confidences:
        return []
    size = min(window, len(confidences))
    sums = [0.0, *accumulate(confidences)]
    return [(end - start) / size for start, end in zip(sums, sums[size:], strict=False)]


def tail_confidence(confidences: Sequence[float], window: int = WINDOW) -> float | None:
    """The mean token confidence of the last `window` tokens, or of all if there are fewer; None without tokens."""
    tail = confidences[-window:]
    return math.fsum(tail) / len(tail) if tail else None


def bottom_confidence(confidences: Sequence[float], window: int = WINDOW, share: float = BOTTOM) -> float | None:
    """The mean of the lowest `share` of the group confidences, at least one; None without tokens."""
    groups = group_confidences(confidences, window)
    lowest = heapq.nsmallest(max(1, int(len(groups) * share)), groups)
    return math.fsum(lowest) / len(lowest) if lowest else None


def lowest_group_confidence(confidences: Sequence[float], window: int = WINDOW) -> float | None:
    """The lowest group confidence; None without tokens."""
    return min(group_confidences(confidences, window), default=None)
