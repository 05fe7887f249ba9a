"""Votes by hand: weights, filters, ties, and what becomes of samples without a confidence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_hiddenlayer.strategies.votes.decision import VoteSample, decide, percentile
from pytest_hiddenlayer.strategies.votes.rule import VoteRule


def samples(*pairs: tuple[str | None, float | None], measure: str = "p_true") -> list[VoteSample]:
    return [VoteSample(answer=a, confidences={} if c is None else {measure: c}) for a, c in pairs]


def test_softmax_weights_are_normalized_within_the_question():
    """softmax(c/T): at T = 1 two votes of 0.1 and 0.2 win over one of 0.8, at T = 0.1 they lose."""
    pairs = samples(("a", 0.8), ("b", 0.1), ("b", 0.2))
    warm = decide(pairs, VoteRule(weights="p_true"))
    total = math.exp(0.8) + math.exp(0.1) + math.exp(0.2)
    assert warm.answer == "b"
    assert warm.weights["a"] == pytest.approx(math.exp(0.8) / total)
    cold = decide(pairs, VoteRule(weights="p_true", vote_temperature=0.1))
    assert (cold.answer, cold.vote.winner, cold.vote.votes) == ("a", "a", {"b": 2, "a": 1})


def test_linear_weights_are_one_plus_the_distance_to_the_least():
    """1 + T (c - min c): 1.7 for a against 1 + 1.1 for b; with T = 10, 8 against 3."""
    pairs = samples(("a", 0.8), ("b", 0.1), ("b", 0.2))
    assert decide(pairs, VoteRule(weights="p_true", weighting="linear")).answer == "b"
    steep = decide(pairs, VoteRule(weights="p_true", weighting="linear", vote_temperature=10))
    assert steep.answer == "a"
    assert steep.weights == pytest.approx({"a": 8 / 11, "b": 3 / 11})


def test_raw_weights_are_the_confidences():
    """DeepConf's weight of a vote is its confidence: 10 against 4 + 5."""
    pairs = samples(("b", 4.0), ("a", 10.0), ("b", 5.0), measure="tail_confidence")
    decision = decide(pairs, VoteRule(weights="tail_confidence", weighting="raw"))
    assert (decision.answer, decision.winner) == ("a", 1)


def test_confidence_breaks_ties_only():
    """tie_break: the surer of two answers with two votes wins, and never one with a single vote."""
    pairs = samples(("a", 0.1), ("b", 0.3), ("a", 0.1), ("b", 0.3), ("c", 1.0))
    assert decide(pairs, VoteRule(weights="p_true", weighting="tie_break", vote_temperature=0.01)).answer == "b"


def test_max_takes_the_surest_sample():
    """max: one sample of 0.9 wins over three of 0.8."""
    pairs = samples(("a", 0.8), ("a", 0.8), ("a", 0.8), ("b", 0.9))
    assert decide(pairs, VoteRule(weights="p_true", weighting="max")).answer == "b"


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_a_bar_on_a_sample_keeps_this_sample(share):
    """Of 11 samples, whose percentiles 10, 20, … are samples, a share keeps one more than that many tenths."""
    pairs = samples(*[("a", 3.0**c) for c in range(11)], measure="tail_confidence")
    decision = decide(pairs, VoteRule(keep_top=share, filter_by="tail_confidence"))
    assert sum(ballot.weight for ballot in decision.ballots) == round(10 * share) + 1


def test_the_surest_tenth_of_twenty_votes():
    """keep_top=0.1 of 20 distinct confidences keeps two: the percentile 90 lies between the 18th and the 19th."""
    pairs = samples(*[("a", float(c)) for c in range(18)], ("b", 18.0), ("b", 19.0), measure="tail_confidence")
    decision = decide(pairs, VoteRule(keep_top=0.1, filter_by="tail_confidence"))
    assert (decision.answer, decision.vote.votes) == ("b", {"b": 2})
    assert decision.ballots[0].why == "filtered: not in the top 10 % by tail_confidence"


@pytest.mark.parametrize("percent", [0, 10, 37.5, 90, 100])
def test_the_percentile_is_that_of_numpy(percent):
    """The percentile interpolates linearly between neighbours, as the reference's does."""
    values = [3.0, -1.0, 8.0, 8.0, 2.5, 0.0]
    assert percentile(values, percent) == pytest.approx(np.percentile(values, percent))


def test_samples_without_confidence_do_not_vote():
    """A sample whose confidence is unknown does not vote, and its ballot says so."""
    decision = decide(samples(("a", None), ("a", None), ("b", 0.1), (None, 0.9)), VoteRule(weights="p_true"))
    assert decision.answer == "b"
    assert [ballot.why for ballot in decision.ballots] == ["no p_true: unknown"] * 2 + ["", "no answer"]


def test_a_vote_without_any_confidence_has_no_winner():
    """If no sample with an answer has the confidence, nothing wins, and the reason is known."""
    decision = decide(samples(("a", None), ("b", None)), VoteRule(weights="p_true"))
    assert (decision.answer, decision.unknown) == (None, "no p_true: unknown")


def test_a_vote_without_weights_is_the_plurality():
    """Without weights the first of two equally frequent answers wins, and the tie is marked."""
    decision = decide(samples(("a", None), ("b", None), ("b", None), ("a", None), (None, None)), VoteRule())
    assert (decision.answer, decision.winner, decision.vote.tie) == ("a", 0, True)
