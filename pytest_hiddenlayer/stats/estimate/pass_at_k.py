"""Several answers per sample: one score from its epochs, and unbiased pass@k and pass^k."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence

from .clusters import mean_of

_STATED = re.compile(r"pass_(?:at|hat)_([1-9]\d*)")


def stated_k(reducer: str) -> int | None:
    """The k of a reducer such as `pass_at_10` or `pass_hat_3`; None if it states none."""
    match = _STATED.fullmatch(reducer)
    return int(match[1]) if match else None


def reduce_epochs(values: Sequence[float], reducer: str, pass_score: float) -> float | None:
    """One score from the epochs of a sample; None if they are fewer than the reducer's k.

    The reducer `pass_at_k` is 1 if at least one epoch is right, `pass_hat_k` if all are, else 0:
    k is the number of epochs, so that both are known exactly. `pass_at_10` and `pass_hat_3`
    state their k, and are the unbiased estimates from all epochs.
    """
    if (k := stated_k(reducer)) is not None:
        right = sum(value >= pass_score for value in values)
        chance = pass_at_k if reducer.startswith("pass_at") else pass_hat_k
        return chance(len(values), right, k) if k <= len(values) else None
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


def reported_k(epochs: int, stated: int | None = None) -> tuple[int, ...]:
    """The k for which pass@k and pass^k are reported.

    These are the powers of two below the number of epochs, that number, and the stated k if
    there are as many epochs.
    """
    powers = {2**power for power in range(epochs.bit_length()) if 2**power < epochs}
    return tuple(sorted(powers | {epochs} | ({stated} if stated is not None and stated <= epochs else set())))


def _check(n: int, right: int, k: int) -> None:
    if not 0 <= right <= n:
        raise ValueError(f"{right} right answers of {n}: need 0 to {n}")
    if not 1 <= k <= n:
        raise ValueError(f"k must lie between 1 and the number of answers, {n}; got {k}")
