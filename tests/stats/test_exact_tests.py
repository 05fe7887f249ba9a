"""Exact tests of small counts, against cases computed by hand and published ones."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.stats.exact_tests import fisher_exact, sign_test


@pytest.mark.parametrize(
    ("right_a", "n_a", "right_b", "n_b", "p"),
    [
        (2, 5, 1, 5, 1.0),  # the most probable table, with its mirror image: nothing is less probable
        (3, 3, 0, 3, 0.1),  # 2 of C(6,3) = 20 tables
        (5, 5, 0, 5, 2 / 252),
        (5, 5, 1, 5, 2 * 5 / 210),  # C(10,6) = 210; C(5,5)·C(5,1) = 5 on either end
        (1, 1, 0, 1, 1.0),
        (0, 3, 0, 4, 1.0),
        (3, 4, 1, 4, 34 / 70),  # Fisher's lady tasting tea with three of four cups right
    ],
)
def test_fisher(right_a: int, n_a: int, right_b: int, n_b: int, p: float) -> None:
    """The two-sided p is the sum over tables at most as probable as the observed one, whichever side is first."""
    assert fisher_exact(right_a, n_a, right_b, n_b) == pytest.approx(p)
    assert fisher_exact(right_b, n_b, right_a, n_a) == pytest.approx(p)


def test_fisher_refuses_impossible_counts() -> None:
    """More right answers than answers are an error."""
    with pytest.raises(ValueError, match="counts must lie"):
        fisher_exact(3, 2, 0, 1)


@pytest.mark.parametrize(
    ("worse", "better", "p"),
    [(0, 0, 1.0), (5, 4, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (9, 1, 2 * 11 / 1024), (3, 3, 1.0)],
)
def test_sign_test(worse: int, better: int, p: float) -> None:
    """The two-sided p is twice the binomial tail, at most 1."""
    assert sign_test(worse, better) == pytest.approx(p)
