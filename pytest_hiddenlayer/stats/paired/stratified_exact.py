"""Could a mere rerun of the same system look like that? For sides with unequal numbers of epochs.

The sign-flip test takes the differences of two equal sides to be symmetric. They are skewed
where one side's scores are means over more epochs: of 30 samples that are right in 95 % of
their answers, all may be right in a single old epoch, and every wrong answer among five new
ones then counts as worse. But if nothing changed, it is chance which of a sample's answers
stand on which side: that is a 2 × 2 table for each sample (side by right/wrong) with given
margins. Mantel & Haenszel 1959; exact as in Mehta, Patel & Gray 1985, "Computing an Exact
Confidence Interval for the Common Odds Ratio in Several 2 × 2 Contingency Tables". With one
epoch on each side it is the exact McNemar test.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import Any, TypeAlias

Table: TypeAlias = tuple[int, int, int, int]
"""(old answers, right ones among them, new answers, right ones among them) of one sample."""


def contingency_tables(old: Sequence[float], new: Sequence[float], epochs: tuple[int, int]) -> list[Table] | None:
    """The samples' tables; None where a score is no mean over at most so many right/wrong answers.

    `epochs` are those of either side. A sample of which some epochs were not scored has the
    most answers that its score can be the mean of.
    """
    found = []
    for before, now in zip(old, new, strict=True):
        a, b = _answers(before, epochs[0]), _answers(now, epochs[1])
        if a is None or b is None:
            return None
        found.append((a, round(a * before), b, round(b * now)))
    return found


def rerun_test(samples: Sequence[Table]) -> tuple[float, float]:
    """(p that so few right answers are new, p that so many are) among reruns of the same system; exact."""
    import numpy as np

    kinds = Counter((a, c, right + also) for a, right, c, also in samples if 0 < right + also < a + c)
    chances = (_power(np, _hypergeometric(np, *kind), times) for kind, times in kinds.items())
    chance = reduce(np.convolve, chances, np.ones(1))
    ours = sum(also for a, right, c, also in samples if 0 < right + also < a + c)
    return min(1.0, float(chance[: ours + 1].sum())), min(1.0, float(chance[ours:].sum()))


def within_variance(samples: Sequence[Table]) -> float:
    """Σ over samples of the variance of one answer within a sample (ddof 1), of both sides' answers together."""
    found = 0.0
    for a, right, c, also in samples:
        n, total = a + c, right + also
        found += total * (n - total) / (n * (n - 1))
    return found


@lru_cache(maxsize=4096)
def _answers(score: float, most: int) -> int | None:
    return next((n for n in range(most, 0, -1) if math.isclose(score * n, round(score * n), abs_tol=1e-6)), None)


def _hypergeometric(np: Any, old: int, new: int, right: int) -> Any:
    """Chance of 0, 1, … `new` right answers on the new side, of `right` on both."""
    ways = [math.comb(new, k) * math.comb(old, right - k) if k <= right else 0 for k in range(new + 1)]
    return np.array(ways, dtype=float) / math.comb(old + new, right)


def _power(np: Any, chance: Any, times: int) -> Any:
    """The distribution of the sum of so many independent draws."""
    if times == 1:
        return chance
    half = _power(np, chance, times // 2)
    double = np.convolve(half, half)
    return np.convolve(double, chance) if times % 2 else double
