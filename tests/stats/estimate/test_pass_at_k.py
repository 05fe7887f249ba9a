"""Epochs: pass@k and pass^k against all ways to draw, a published case and their limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.stats.estimate.pass_at_k import pass_at_k, pass_hat_k, reported_k


@given(st.integers(1, 8), st.data())
def test_both_by_enumeration(n, data):
    """Over all ways to draw k of n answers: the share with any right one, and with all right."""
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    draws = list(itertools.combinations([True] * right + [False] * (n - right), k))
    assert pass_at_k(n, right, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_hat_k(n, right, k) == pytest.approx(sum(map(all, draws)) / len(draws))


@given(st.integers(1, 400), st.data())
def test_pass_at_k_is_the_product_of_the_paper(n, data):
    """Chen et al. compute 1 - Π (1 - k/i) for i from n - c + 1 to n: the same for any n."""
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    i = np.arange(n - right + 1, n + 1)
    expected = 1.0 if n - right < k else 1 - np.prod(1 - k / i)
    assert pass_at_k(n, right, k) == pytest.approx(expected, abs=1e-9)


def test_one_draw_is_the_share_of_right_answers():
    """For k = 1 both are c/n."""
    assert pass_at_k(7, 3, 1) == pass_hat_k(7, 3, 1) == 3 / 7


def test_nothing_cancels_for_many_answers():
    """One right of a million: pass@1 is 1e-6 to the last bit, where 1 - (1 - 1e-6) is not."""
    assert pass_at_k(10**6, 1, 1) == 1e-6


def test_both_are_unbiased():
    """With p = 0.3 and 6 answers the mean of pass@3 is 1 - 0.7³, of pass^3 0.3³, exactly over the binomial."""
    chance = [math.comb(6, c) * 0.3**c * 0.7 ** (6 - c) for c in range(7)]
    assert sum(p * pass_at_k(6, c, 3) for c, p in enumerate(chance)) == pytest.approx(1 - 0.7**3)
    assert sum(p * pass_hat_k(6, c, 3) for c, p in enumerate(chance)) == pytest.approx(0.3**3)


@pytest.mark.parametrize(("n", "right", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0), (0, 0, 1)])
def test_what_cannot_be_drawn_is_refused(n, right, k):
    """More right answers than answers, or more drawn than there are."""
    for function in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match=r"right answers of|k must lie between"):
            function(n, right, k)


@pytest.mark.parametrize(
    ("epochs", "known"), [(1, (1,)), (2, (1, 2)), (3, (1, 2, 3)), (4, (1, 2, 4)), (10, (1, 2, 4, 8, 10))]
)
def test_the_k_that_are_told(epochs, known):
    """Powers of two and the number of epochs itself."""
    assert reported_k(epochs) == known
