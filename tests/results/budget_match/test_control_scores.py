"""The vote over control samples, and pass@k."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.control_records import LOST, A, B, draws

from pytest_hiddenlayer.results.budget_match.control_scores import oracle_score, plurality_score


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ([A, B], 1.0),  # a tie goes to the first seen
        ([B, A], 0.0),
        ([(None, 0.0), (None, 0.0), A], 1.0),  # who has no answer does not vote
        ([(None, 0.0), LOST], 0.0),  # nobody has an answer: the first scored draw
        ([("a", None), A, B], 1.0),  # the first scored draw with the winning answer
        ([LOST], None),
    ],
)
def test_votes(said, score):
    """The vote's score by hand."""
    assert plurality_score(draws("s", *said)) == score


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_pass_at_k_is_the_share_of_choices_with_a_right_one(right, k):
    """The estimator equals the share of all k-subsets of the control samples with a right one."""
    found = oracle_score(draws("s", *[("x", float(value)) for value in right]), k)
    chosen = list(combinations(right, min(k, len(right))))
    assert found == pytest.approx(sum(map(any, chosen)) / len(chosen))


def test_pass_at_k_published():
    """The product form of the estimator of Chen et al. 2021: n=200, c=13, k=10."""
    by_product = 1 - math.prod(1 - 10 / i for i in range(200 - 13 + 1, 201))
    assert oracle_score(draws("s", *([A] * 13 + [B] * 187)), 10) == pytest.approx(by_product, abs=1e-12)
