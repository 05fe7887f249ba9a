"""Measures of one completion from the log-probabilities of its tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .groups import (
    WINDOW,
    K,
    best_logprobs,
    bottom_confidence,
    is_known,
    lowest_group_confidence,
    tail_confidence,
    token_confidences,
)

Alternatives = Sequence[Mapping[str, float | None]]


def token_measures(
    logprobs: Sequence[float | None] | None,
    top_logprobs: Alternatives | None,
    entropies: Sequence[float | None] | None = None,
    *,
    k: int = K,
    window: int = WINDOW,
) -> dict[str, float]:
    """{measure: value} of one completion; a measure that cannot be computed is absent, never 0.

    `logprobs` holds the natural log of each output token, `top_logprobs` {text: natural log} of its
    most probable alternatives, `entropies` the entropy of each token over the whole vocabulary, in
    nats. Each may be None.

    - `mean_logprob`: (1/T) Σ ln p_t; −ln of the perplexity. `tail_logprob`: the same over the last
      `window` tokens (2048, the default of DeepConf). `min_logprob`: the lowest ln p_t.
    - `entropy`: see `entropy`; over the whole vocabulary if `entropies` are known.
    - `negentropy`, `margin`: see the functions of these names.
    - `token_confidence` (mean), `tail_confidence`, `bottom_confidence`, `lowest_group_confidence`:
      see `groups.py`.

    A completion of fewer than `window` tokens is one window: its tail, bottom and lowest group equal
    its mean.
    """
    confidences = token_confidences(top_logprobs or (), k)
    measures = {
        **_logprob_measures(logprobs or (), window),
        "entropy": _mean(entropies or ()) if entropies is not None else entropy(top_logprobs or (), k),
        "negentropy": negentropy(top_logprobs or (), k),
        "margin": margin(top_logprobs or ()),
        "token_confidence": _mean(confidences),
        "tail_confidence": tail_confidence(confidences, window),
        "bottom_confidence": bottom_confidence(confidences, window),
        "lowest_group_confidence": lowest_group_confidence(confidences, window),
    }
    return {name: value for name, value in measures.items() if value is not None and math.isfinite(value)}


def entropy(top_logprobs: Alternatives, k: int = K) -> float | None:
    """The mean over tokens of −Σ p·ln p over the `k` most probable alternatives, in nats; None if unknown.

    The probabilities are not renormalized, so this is a lower bound of the entropy over the whole
    vocabulary, close to it if the k alternatives hold nearly all probability. High means uncertain. A
    token with fewer than 2 alternatives is left out. Mean token entropy as in LM-Polygraph
    (Fadeeva et al. 2023, arXiv:2311.07383), which has the whole vocabulary.
    """
    best = (best_logprobs(alternatives, k) for alternatives in top_logprobs)
    return _mean([-math.fsum(math.exp(log) * log for log in logs) for logs in best if len(logs) > 1])


def negentropy(top_logprobs: Alternatives, k: int = K) -> float | None:
    """The mean over tokens of 1 − H/ln k, in [0, 1]; None if unknown.

    H is the entropy of the `k` most probable alternatives with probabilities renormalized to sum to
    1. High means confident. If a token has fewer alternatives, k is their number; a token with fewer
    than 2 is left out. As `mean_token_negentropy` of uqlm 0.6.7 (Bouchard & Chauhan 2025,
    arXiv:2504.19254), whose k is 15 and which has no value for a token with fewer.
    """
    best = (best_logprobs(alternatives, k) for alternatives in top_logprobs)
    return _mean([_negentropy(logs) for logs in best if len(logs) > 1])


def margin(top_logprobs: Alternatives) -> float | None:
    """The mean over tokens of p1 − p2, the two highest probabilities, in [0, 1]; None if unknown.

    High means confident. A token with fewer than 2 alternatives is left out. As `probability_margin` of
    uqlm 0.6.7.
    """
    best = (best_logprobs(alternatives, 2) for alternatives in top_logprobs)
    return _mean([math.exp(logs[0]) - math.exp(logs[1]) for logs in best if len(logs) > 1])


def _logprob_measures(logprobs: Sequence[float | None], window: int) -> dict[str, float | None]:
    known = [value if is_known(value) else None for value in logprobs]
    return {
        "mean_logprob": _mean(known),
        "tail_logprob": _mean(known[-window:]),
        "min_logprob": None if None in known else min((value for value in known if value is not None), default=None),
    }


def _negentropy(logs: Sequence[float]) -> float:
    total = math.fsum(map(math.exp, logs))
    shares = [math.exp(log) / total for log in logs]
    entropy = -math.fsum(share * math.log(share) for share in shares if share > 0)
    return min(1.0, max(0.0, 1 - entropy / math.log(len(logs))))


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None if there are no values or if one of them is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
