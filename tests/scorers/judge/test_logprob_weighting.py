"""G-Eval: a verdict weighted by the judge's probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from support.judges import record, rules, write_case

from pytest_hiddenlayer.scorers.judge.logprob_weighting import WeightedVerdict, weight_verdict
from pytest_hiddenlayer.scorers.judge.scale import YES_NO, Scale
from pytest_hiddenlayer.scorers.judge.verdict_parser import VerdictFormat
from pytest_hiddenlayer.types import Completion, Usage

Tokens = Sequence[tuple[str, Mapping[str, float]]]


def completion_of(tokens: Tokens) -> Completion:
    """A completion of these tokens, each with {text: probability}; the taken text is first."""
    return Completion(
        text="".join(text for text, _ in tokens),
        finish_reason="stop",
        usage=Usage(calls=1),
        latency_s=0.0,
        model="judge-1",
        logprobs=tuple(math.log(top[text]) for text, top in tokens),
        top_logprobs=tuple({text: math.log(p) for text, p in top.items()} for _, top in tokens),
    )


def weighed(tokens: Tokens, scale: object = (1, 5)) -> WeightedVerdict | None:
    verdict_format = VerdictFormat.from_param(YES_NO if scale == "yes_no" else Scale.from_param(scale), None)
    completion = completion_of(tokens)
    return weight_verdict(completion, verdict_format.parse(completion.text), verdict_format)


def around(text: str, top: Mapping[str, float]) -> Tokens:
    """A reply `Fine, [[text]]` whose verdict token has these alternatives."""
    return [("Fine,", {"Fine,": 0.9, "Bad,": 0.1}), (" [[", {" [[": 1.0}), (text, top), ("]]", {"]]": 0.7, "]": 0.3})]


def test_the_score_is_the_weighted_mean():
    """Σ p(s)·s over the scale, renormalized: by hand (.6·.75 + .3·1 + .05·.5) / .95."""
    weighted = weighed(around("4", {"4": 0.6, "5": 0.3, "3": 0.05, "x": 0.02}))
    assert weighted is not None
    assert weighted.value == pytest.approx((0.6 * 0.75 + 0.3 * 1.0 + 0.05 * 0.5) / 0.95)
    assert weighted.mass == pytest.approx(0.95)
    assert weighted.shares == pytest.approx({"4": 0.6 / 0.95, "5": 0.3 / 0.95, "3": 0.05 / 0.95})


def test_a_certain_judge_gives_its_verdict():
    """In the limit of one verdict with all the probability the score is that verdict."""
    weighted = weighed(around("2", {"2": 1.0}))
    assert weighted is not None
    assert (weighted.value, weighted.mass, dict(weighted.shares)) == (0.25, 1.0, {"2": 1.0})


def test_a_judge_that_does_not_know_gives_the_middle():
    """In the limit of equal probabilities the score is the middle of the scale."""
    weighted = weighed(around("3", dict.fromkeys("12345", 0.2)))
    assert weighted is not None
    assert weighted.value == pytest.approx(0.5)


def test_spellings_of_a_verdict_add_up():
    """` yes`, `Yes` and `yes]]` are one verdict."""
    weighted = weighed(around("yes", {"yes": 0.4, " Yes": 0.2, "yes]]": 0.1, "no": 0.25}), "yes_no")
    assert weighted is not None
    assert weighted.value == pytest.approx(0.7 / 0.95)


def test_a_structured_verdict_is_weighed_too():
    """In a JSON reply the weights are those at the field `verdict`, even if the explanation contains numbers."""
    tokens: Tokens = [
        ('{"explanation": "3 of ', {'{"explanation": "3 of ': 1.0}),
        ("4", {"4": 0.5, "5": 0.5}),
        ('", "verdict":', {'", "verdict":': 1.0}),
        (" 5", {" 5": 0.75, " 4": 0.25}),
        ("}", {"}": 1.0}),
    ]
    weighted = weighed(tokens)
    assert weighted is not None
    assert weighted.value == pytest.approx(0.75 + 0.25 * 0.75)


@pytest.mark.parametrize(
    ("tokens", "scale"),
    [
        (around("4", {"4": 0.5, "5": 0.2, "x": 0.3}), (1, 5)),  # the scale carries .7 only
        (
            [("[[", {"[[": 1.0}), ("1", {"1": 0.9}), ("0", {"0": 1.0}), ("]]", {"]]": 1.0})],
            (1, 10),
        ),  # 10 is two tokens
        (around("1", {"1": 0.9, "2": 0.1}), (1, 10)),  # a `1` that might have become 10
        ([("[[4", {"[[4": 0.9, "[[3x": 0.1}), ("]", {"]": 1.0})], (1, 5)),  # no verdict at all
        (around("4.5", {"4.5": 0.1, "4": 0.05, "x": 0.85}), (1, 5)),
    ],
)
def test_too_few_probabilities_have_no_weights(tokens, scale):
    """Low probability on the scale, verdicts of several tokens and unreadable replies have no weights."""
    assert weighed(tokens, scale) is None


def test_a_1_counts_if_10_is_a_single_token():
    """On a scale to 10 a `1` counts if the alternatives show 10 as one token."""
    weighted = weighed(around("1", {"1": 0.5, "10": 0.4, "2": 0.1}), (1, 10))
    assert weighted is not None
    assert weighted.value == pytest.approx(0.5 * 0 + 0.4 * 1 + 0.1 / 9)


def test_an_uncertain_1_is_left_out():
    """If 10 may be two tokens, the probability of `1` is excluded and the rest is renormalized."""
    weighted = weighed(around("7", {"7": 0.5, "8": 0.4, "1": 0.1}), (1, 10))
    assert weighted is not None
    assert weighted.mass == pytest.approx(0.9)
    assert weighted.value == pytest.approx((0.5 * 6 / 9 + 0.4 * 7 / 9) / 0.9)


def test_the_weights_are_those_at_the_verdict():
    """The alternatives are those at the verdict, not at a number before it."""
    tokens = [("I count ", {"I count ": 1.0}), ("2", {"2": 1.0}), (". ", {". ": 1.0}), *around("5", {"5": 1.0})]
    weighted = weighed(tokens)
    assert weighted is not None
    assert weighted.value == 1.0


def test_without_probabilities_nothing_is_weighed():
    """A completion without probabilities, or with those of other tokens, has no weights."""
    verdict_format = VerdictFormat.from_param(Scale.from_param((1, 5)), None)
    plain = Completion(text="[[4]]", finish_reason="stop", usage=Usage(), latency_s=0.0, model="m")
    assert weight_verdict(plain, verdict_format.parse("[[4]]"), verdict_format) is None


# ---------------------------------------------------------------- in a record


def rule(reply: str, tokens: Tokens) -> dict[str, Any]:
    """A rule of a judge that returns probabilities."""
    completion = completion_of(tokens)
    return {
        "role": "llm_judge",
        "reply": reply,
        "logprobs": completion.logprobs,
        "top_logprobs": completion.top_logprobs,
    }


def test_the_score_of_a_judge_with_probabilities_is_weighted(tmp_path):
    """The weighted mean of one call is the score even with `samples`, and the details keep the weights."""
    tokens = around("4", {"4": 0.6, "5": 0.4})
    case = write_case(tmp_path, {"llm_judge": {"criteria": "x", "samples": 5}})
    judged = record(case, rules(rule("Fine, [[4]]", tokens)))
    assert judged.score == pytest.approx(0.6 * 0.75 + 0.4)
    assert len(judged.transcript) == 2
    (opinion,) = judged.scores["llm_judge"]["details"]["opinions"]
    assert (opinion["by"], opinion["verdict"], opinion["mass"]) == ("probabilities", "4", pytest.approx(1.0))
    assert opinion["shares"] == pytest.approx({"4": 0.6, "5": 0.4})


def test_weighing_can_be_switched_off(tmp_path):
    """With `logprobs: false` the verdict is not weighted."""
    tokens = around("4", {"4": 0.6, "5": 0.4})
    case = write_case(tmp_path, {"llm_judge": {"criteria": "x", "logprobs": False}})
    assert record(case, rules(rule("Fine, [[4]]", tokens))).score == 0.75


def test_a_judge_with_too_few_probabilities_is_sampled(tmp_path):
    """If the scale's probability is too low, n samples are drawn, including the first."""
    tokens = around("4", {"4": 0.4, "x": 0.6})
    case = write_case(tmp_path, {"llm_judge": {"criteria": "x", "samples": 3}})
    judged = record(case, rules(rule("Fine, [[4]]", tokens)))
    (opinion,) = judged.scores["llm_judge"]["details"]["opinions"]
    assert (opinion["by"], opinion["shares"], len(judged.transcript)) == ("samples", {"4": 1.0}, 4)
