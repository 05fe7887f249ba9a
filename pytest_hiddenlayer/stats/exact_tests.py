"""Exact tests of small counts: Fisher's test of two shares, and the sign test of changes in two directions."""

from __future__ import annotations

from math import comb

TIE = 1e-9  # tables with equal probabilities differ by rounding


def fisher_exact(right_a: int, n_a: int, right_b: int, n_b: int) -> float:
    """The two-sided p of two shares of right answers: the tables at most as probable as the observed one.

    Fisher 1935, "The logic of inductive inference". Raises ValueError if a count is outside [0, n].
    """
    if not (0 <= right_a <= n_a and 0 <= right_b <= n_b):
        raise ValueError(f"counts must lie in [0, n]; got {right_a} of {n_a} and {right_b} of {n_b}")
    right = right_a + right_b
    tables = [comb(n_a, at) * comb(n_b, right - at) for at in range(max(0, right - n_b), min(n_a, right) + 1)]
    limit = comb(n_a, right_a) * comb(n_b, right_b) * (1 + TIE)
    return min(1.0, sum(table for table in tables if table <= limit) / comb(n_a + n_b, right))


def sign_test(worse: int, better: int) -> float:
    """The two-sided p of a split of changes in two directions, if both are equally likely; 1 without changes."""
    from scipy.special import bdtr

    n = worse + better
    return min(1.0, 2 * float(bdtr(min(worse, better), n, 0.5))) if n else 1.0
