"""Stopping rules by hand."""

from __future__ import annotations

import pytest
from scipy.stats import beta

from pytest_hiddenlayer.strategies.votes.rule import VoteRule
from pytest_hiddenlayer.strategies.votes.stopping import majority_probability, sampling_stop

ADAPTIVE, EARLY = VoteRule(stop="adaptive"), VoteRule(stop="early", window=3)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 0), (4, 0), (5, 2), (7, 7), (30, 11)])
def test_the_probability_is_that_of_the_beta_distribution(first, second):
    """P(the majority stays) is P(Beta(v1+1, v2+1) > 1/2), as the paper defines it."""
    answers = ["a"] * first + ["b"] * second
    assert majority_probability(answers) == pytest.approx(beta.sf(0.5, first + 1, second + 1))


def test_thousands_of_votes_have_a_probability():
    """5,000 votes against 5,000 are even, and 5,100 against 4,900 are not."""
    assert majority_probability(["a", "b"] * 5_000) == 0.5
    assert majority_probability(["a"] * 5_100 + ["b"] * 4_900) == pytest.approx(beta.sf(0.5, 5_101, 4_901))


def test_four_equal_answers_are_enough():
    """1 - 1/2^5 = 0.969 is above 0.95 after four equal answers; after three it is 0.9375."""
    assert sampling_stop(["a"] * 3, ADAPTIVE, 10) is None
    stopped = sampling_stop(["a"] * 4, ADAPTIVE, 10)
    assert (stopped.asked, stopped.of, stopped.probability) == (4, 10, 0.96875)


def test_only_the_two_most_frequent_answers_count():
    """The third answer does not change the probability, and samples without an answer are no votes."""
    assert majority_probability(["a", "b", "a", "c", None]) == majority_probability(["a", "b", "a"])


def test_a_unanimous_window_stops():
    """Early stopping asks for windows, and stops after one with equal answers only."""
    assert sampling_stop(["a", "b", "a"], EARLY, 9) is None
    assert sampling_stop(["a", "b", "a", "b", "b", "b"], EARLY, 9).why == "the last 3 answers are equal"
    assert sampling_stop([None, None, None], EARLY, 9) is None


def test_all_samples_end_sampling():
    """Without agreement, sampling ends with the last sample."""
    assert sampling_stop(["a", "b"] * 2, ADAPTIVE, 4).why == "all samples were asked"
