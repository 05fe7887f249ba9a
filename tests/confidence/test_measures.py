"""Measures of one completion, against hand-computed cases and against numbers of uqlm 0.6.7 and deepconf 0.1.0."""

from __future__ import annotations

import math

import pytest

from pytest_hiddenlayer.confidence import (
    MEASURES,
    bottom_confidence,
    discrete_semantic_entropy,
    entropy,
    group_confidences,
    lowest_group_confidence,
    margin,
    negentropy,
    tail_confidence,
    token_confidences,
    token_measures,
    vote_share,
)

LOGS = ((-0.1, -2.5, -5.0), (-0.7, -0.8, -3.2), (-0.01, -5.0, -6.5), (-1.2, -1.3, -1.4), (-0.3, -1.6, -4.0))
TOP = [dict(zip("abc", logs, strict=True)) for logs in LOGS]
SAMPLED = [-0.1, -0.7, -0.01, -1.3, -0.3]


def halves() -> list[dict[str, float]]:
    """One token with two alternatives of probability one half."""
    return [{"a": math.log(0.5), "b": math.log(0.5)}]


def test_scores_of_uqlm():
    """Negentropy, margin, and the log-probabilities equal what uqlm's scorers return for the same tokens."""
    measures = token_measures(SAMPLED, TOP)
    assert measures["negentropy"] == pytest.approx(0.46997830187812245, abs=1e-12)
    assert measures["margin"] == pytest.approx(0.48418095348031664, abs=1e-12)
    assert math.exp(measures["mean_logprob"]) == pytest.approx(0.6175470617646801, abs=1e-12)
    assert math.exp(measures["min_logprob"]) == pytest.approx(0.2725317930340126, abs=1e-12)


def test_scores_of_deepconf():
    """Token and group confidences equal what deepconf returns, which rounds each to 3 decimals."""
    confidences = token_confidences(TOP)
    assert confidences == pytest.approx([2.533, 1.567, 3.837, 1.3, 1.967], abs=5e-4)
    assert group_confidences(confidences, 2) == pytest.approx([2.05, 2.702, 2.568, 1.634], abs=1e-3)
    assert tail_confidence(confidences, 2) == pytest.approx(1.6335, abs=5e-4)
    assert bottom_confidence(confidences, 2, 0.5) == pytest.approx(1.84175, abs=5e-4)
    assert bottom_confidence(confidences, 2, 0.1) == pytest.approx(1.6335, abs=5e-4)
    assert lowest_group_confidence(confidences, 2) == pytest.approx(1.6335, abs=5e-4)


def test_a_short_completion_is_one_window():
    """Below 2048 tokens, tail, bottom and lowest group equal the mean, as in deepconf."""
    measures = token_measures(SAMPLED, TOP)
    names = ("token_confidence", "tail_confidence", "bottom_confidence", "lowest_group_confidence")
    assert [measures[name] for name in names] == pytest.approx([2.2408] * 4, abs=5e-4)
    assert measures["tail_logprob"] == measures["mean_logprob"]


def test_a_tail_is_the_last_tokens():
    """The tail of a long completion leaves out its start."""
    measures = token_measures([-3.0, -3.0, -0.2, -0.4], None, window=2)
    assert measures["tail_logprob"] == pytest.approx(-0.3)
    assert measures["mean_logprob"] == pytest.approx(-1.65)
    assert measures["min_logprob"] == -3.0


def test_two_equal_alternatives():
    """Two halves: entropy ln 2, no negentropy, no margin, confidence ln 2."""
    measures = token_measures(None, halves())
    assert measures["entropy"] == pytest.approx(math.log(2))
    assert measures["negentropy"] == pytest.approx(0.0, abs=1e-15)
    assert measures["margin"] == 0.0
    assert measures["token_confidence"] == pytest.approx(math.log(2))
    assert "mean_logprob" not in measures


def test_the_entropy_of_the_most_probable_is_a_lower_bound():
    """Over the k most probable alternatives the entropy is at most that of all, and grows with k."""
    logs = {str(n): math.log(p) for n, p in enumerate((0.4, 0.3, 0.2, 0.05, 0.05))}
    values = [entropy([logs], k) for k in (2, 3, 4, 5)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(1.34917, abs=1e-5)


def test_the_entropy_of_the_vocabulary_comes_first():
    """If the provider gives the entropy over the whole vocabulary, that is the entropy."""
    assert token_measures(None, halves(), [2.0])["entropy"] == 2.0


def test_only_the_k_most_probable_count():
    """A sampled token beyond the top k, which some servers add, does not change the measures."""
    with_sampled = [{**alternatives, "sampled": -30.0} for alternatives in TOP]
    assert token_measures(SAMPLED, with_sampled, k=3) == token_measures(SAMPLED, TOP, k=3)


@pytest.mark.parametrize(
    ("logprobs", "top"),
    [
        (None, None),
        ([], []),
        ([None], [{}]),
        ([-math.inf], [{"a": -math.inf}]),
        ([math.nan], [{"a": -0.1}]),
        ([-9999.0], [{"a": -9999.0}]),
    ],
)
def test_unknown_is_absent(logprobs, top):
    """Without log-probabilities, and with infinite ones, there are no measures: nothing becomes 0."""
    assert token_measures(logprobs, top) == {}


def test_what_servers_write_for_minus_infinity_is_unknown():
    """OpenAI's and vLLM's -9999 is no log-probability: it neither lowers a mean nor raises a confidence."""
    padded = [{**alternatives, "x": -9999.0, "y": -9999.0} for alternatives in TOP]
    assert token_measures(SAMPLED, padded) == token_measures(SAMPLED, TOP)
    assert not {"mean_logprob", "tail_logprob", "min_logprob"} & token_measures([-0.1, -9999.0], None).keys()


def test_a_token_with_one_alternative_is_left_out():
    """A token whose alternatives are unknown says nothing about entropy, margin or confidence."""
    assert token_measures(None, [{"a": -0.5}, *halves()]) == token_measures(None, halves())
    assert (negentropy([{"a": -0.5}]), margin([{"a": -0.5}]), entropy([{"a": -0.5}])) == (None, None, None)


# How often each answer of uqlm's test data was given (tests/data/scorers/semanticentropy_results_file.json,
# 6 answers of 5 questions, clustered by its entailment model), and the entropy that it publishes.
@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ((6,), 0.0),
        ((1, 2, 1, 2), 1.3296613488547582),
        ((4, 2), 0.6365141682948128),
        ((5, 1), 0.45056120886630463),
        ((1, 4, 1), 0.8675632284814612),
    ],
)
def test_semantic_entropy_of_uqlm(counts, published):
    """The entropy of equal clusters is the one that uqlm publishes."""
    answers = [str(number) for number, count in enumerate(counts) for _ in range(count)]
    assert discrete_semantic_entropy(answers) == pytest.approx(published, abs=1e-12)


def test_texts_without_an_answer_do_not_vote():
    """None is not an answer: neither to the entropy nor to the vote share."""
    assert discrete_semantic_entropy(["4", None, "4"]) == 0.0
    assert discrete_semantic_entropy([None]) is None
    assert vote_share(["4", "5", None, "4"], "4") == pytest.approx(2 / 3)
    assert (vote_share([None], "4"), vote_share(["4"], None)) == (None, None)


def test_every_measure_has_a_direction():
    """Each measured value becomes a confidence that is higher for a more confident model."""
    sure, unsure = token_measures([-0.01], [{"a": -0.01, "b": -5.0}]), token_measures([-0.7], halves())
    assert set(sure) <= set(MEASURES)
    for name, value in sure.items():
        assert MEASURES[name].confidence(value) > MEASURES[name].confidence(unsure[name])
