"""The exact test of reruns, for sides with different numbers of epochs: how often would a mere rerun differ as much?

The sign-flip test assumes that the differences of two equal sides are symmetric. They are
skewed if one side's scores are means over more epochs: of 30 samples that are right in 95 % of
their answers, all may be right in a single old epoch, and every wrong answer among five new
ones then counts as worse. But if nothing changed, it is chance which of a sample's answers are
on which side: a 2 × 2 table per sample (side by right/wrong) with fixed margins. Mantel &
Haenszel 1959; exact as in Mehta, Patel & Gray 1985, "Computing an Exact Confidence Interval for
the Common Odds Ratio in Several 2 × 2 Contingency Tables". With one epoch on each side it is
the exact McNemar test.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import numpy as np

Table: TypeAlias = tuple[int, int, int, int]
"""(old answers, right ones among them, new answers, right ones among them) of one sample."""


def contingency_tables(old: Sequence[float], new: Sequence[float], epochs: tuple[int, int]) -> list[Table] | None:
    """One table per sample; None if a score is not the mean of at most `epochs` right/wrong answers.

    `epochs` are those of the old and the new side. If some epochs of a sample were not scored,
    the table has the largest number of answers that its score can be the mean of.
    """
    tables = []
    for old_score, new_score in zip(old, new, strict=True):
        n_old, n_new = _answers(old_score, epochs[0]), _answers(new_score, epochs[1])
        if n_old is None or n_new is None:
            return None
        tables.append((n_old, round(n_old * old_score), n_new, round(n_new * new_score)))
    return tables


def rerun_test(tables: Sequence[Table]) -> tuple[float, float]:
    """(p for at most as many right answers on the new side, p for at least as many), among reruns of one system."""
    mixed = [table for table in tables if 0 < table[1] + table[3] < table[0] + table[2]]
    margins = Counter((n_old, n_new, old_right + new_right) for n_old, old_right, n_new, new_right in mixed)
    chances = (_power(_hypergeometric(*margin), times) for margin, times in margins.items())
    chance = reduce(np.convolve, chances, np.ones(1))
    observed = sum(table[3] for table in mixed)
    return min(1.0, float(chance[: observed + 1].sum())), min(1.0, float(chance[observed:].sum()))


def within_variance(tables: Sequence[Table]) -> float:
    """Σ over samples of the variance of one answer within a sample (ddof 1), both sides' answers together."""
    variance = 0.0
    for n_old, old_right, n_new, new_right in tables:
        n, right = n_old + n_new, old_right + new_right
        variance += right * (n - right) / (n * (n - 1))
    return variance


@lru_cache(maxsize=4096)
def _answers(score: float, limit: int) -> int | None:
    """The largest number of answers, at most `limit`, that the score can be the mean of."""
    return next((n for n in range(limit, 0, -1) if math.isclose(score * n, round(score * n), abs_tol=1e-6)), None)


def _hypergeometric(old: int, new: int, right: int) -> Any:
    """The probabilities of 0, 1, … `new` right answers on the new side, given `right` on both sides together."""
    ways = [math.comb(new, k) * math.comb(old, right - k) if k <= right else 0 for k in range(new + 1)]
    return np.array(ways, dtype=float) / math.comb(old + new, right)


def _power(chance: Any, times: int) -> Any:
    """The distribution of the sum of `times` independent draws."""
    if times == 1:
        return chance
    half = _power(chance, times // 2)
    double = np.convolve(half, half)
    return np.convolve(double, chance) if times % 2 else double
