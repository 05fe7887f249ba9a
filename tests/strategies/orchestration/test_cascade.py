"""`cascade`: when a model's answer is taken, and when the next model is asked."""

from __future__ import annotations

import math

import pytest
from support.strategies import FakeProvider

from pytest_hiddenlayer.errors import ParameterError

MODELS = "models=own:small+own:large"


def answering(text, probability):
    """The script of a model whose every token has this probability."""
    log = math.log(probability)
    return {"rules": [{"reply": text, "logprobs": [log, log], "top_logprobs": [{text: log}, {text: log}]}]}


def calls(record):
    """(role, model) of every call."""
    return [(call["role"], call["model"]) for call in record.transcript]


def test_a_confident_answer_ends_the_cascade(with_models):
    """If the first model's tokens are probable enough, no other model is asked."""
    record = with_models(f"cascade:{MODELS},threshold=0.8", {"small": answering("42", 0.9), "large": "7"})
    assert calls(record) == [("stage-1", "small")]
    assert record.outcome == "correct"
    assert record.answer_metadata["stopped_at"] == "own:small"
    assert record.answer_metadata["stages"] == [{"model": "own:small", "confidence": pytest.approx(0.9)}]


def test_an_unsure_answer_is_replaced_by_the_next_models(with_models):
    """Below the threshold the next model is asked; the last model's answer is always taken, unmeasured."""
    record = with_models(
        "cascade:models=own:small+own:middle+own:large,threshold=0.8",
        {"small": answering("7", 0.5), "middle": answering("8", 0.7), "large": "42"},
    )
    assert calls(record) == [("stage-1", "small"), ("stage-2", "middle"), ("stage-3", "large")]
    assert record.outcome == "correct"
    assert record.answer_metadata["stopped_at"] == "own:large"
    assert [stage["confidence"] for stage in record.answer_metadata["stages"]] == [
        pytest.approx(0.5),
        pytest.approx(0.7),
        None,
    ]


def test_a_model_without_log_probabilities_is_an_outcome(with_models):
    """If a model cannot have the confidence, the outcome is `unscored`, not a silent call of the next model."""
    record = with_models(f"cascade:{MODELS}", {"small": "42", "large": "42"})
    assert record.outcome == "unscored"
    assert (
        "asked to stop by mean_logprob, but the provider returned no log-probabilities of own:small" in record.error
    )
    assert calls(record) == [("stage-1", "small")]


def test_a_truncated_answer_is_not_confident(with_models):
    """An answer that was cut off goes on to the next model, with the reason."""
    script = {"rules": [{"reply": "42", "finish_reason": "length", "logprobs": [0.0]}]}
    record = with_models(f"cascade:{MODELS}", {"small": script, "large": "42"})
    assert record.answer_metadata["stopped_at"] == "own:large"
    assert record.answer_metadata["stages"][0]["why"] == "the answer did not end normally (length)"


@pytest.mark.parametrize(("reply", "stopped_at"), [("90", "own:small"), ("20", "own:large"), ("hm", "own:large")])
def test_the_model_states_its_confidence(with_models, reply, stopped_at):
    """`verbalized` asks the same model once more; a reply that cannot be read is not confident."""
    small = {"rules": [{"role": "confidence", "reply": reply}], "default": "42"}
    record = with_models(f"cascade:{MODELS},confidence=verbalized", {"small": small, "large": "42"})
    assert record.answer_metadata["stopped_at"] == stopped_at
    assert calls(record)[:2] == [("stage-1", "small"), ("confidence", "small")]
    assert (record.answer_metadata["stages"][0]["confidence"] is None) == (reply == "hm")


def test_p_true_is_the_probability_of_the_label(with_models):
    """`p_true` asks the same model whether its answer is true."""
    label = {"role": "confidence", "reply": "A", "top_logprobs": [{"A": math.log(0.9), "B": math.log(0.1)}]}
    small = {"rules": [{**label, "logprobs": [math.log(0.9)]}], "default": "42"}
    record = with_models(f"cascade:{MODELS},confidence=p_true", {"small": small, "large": "7"})
    assert record.answer_metadata["stages"][0]["confidence"] == pytest.approx(0.9)
    assert record.outcome == "correct"


def test_the_judge_says_how_likely_an_answer_is_right(with_models):
    """`judge` asks the run's judge, who reads question and answer."""
    rules = {"small": "It is 42.", "large": "7", "referee": "85"}
    record = with_models(f"cascade:{MODELS},confidence=judge", rules, judge="referee")
    assert calls(record) == [("stage-1", "small"), ("judge", "referee")]
    asked = record.transcript[1]["messages"][-1]["content"]
    assert "What is 6*7?" in asked
    assert "It is 42." in asked
    assert record.answer_metadata["stages"][0]["confidence"] == 0.85


def test_samples_that_agree_are_confident(with_models):
    """`agreement` is the share of the most frequent answer among the samples that have one."""
    small = {"rules": [{"replies": ["42", "It is 42"]}]}
    record = with_models(
        f"cascade:{MODELS},confidence=agreement,temperature=0.7,n_samples=4", {"small": small, "large": "7"}
    )
    assert calls(record) == [("stage-1", "small")] * 4
    assert record.answer_metadata["stages"][0]["confidence"] == 1.0
    assert record.outcome == "correct"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("cascade", "models must name at least two models, the cheapest first, got ''"),
        ("cascade:models=mlx", "models must name at least two models"),
        ("cascade:models=mlx+mlx:x,threshold=1.5", "threshold must be from 0 to 1"),
        ("cascade:models=mlx+mlx:x,n_samples=3", "n_samples belongs to confidence=agreement"),
        ("cascade:models=mlx+mlx:x,confidence=agreement", "write temperature=0.7"),
        ("cascade:models=mlx+mlx:x,confidence=luck", "confidence must be one of"),
        ("router", "models must name at least two models, got ''"),
        (
            "router:models=mlx+mlx:x+mlx:y,route_by=words,threshold=3",
            "models must name two models for route_by=words",
        ),
        ("router:models=mlx+mlx:x,threshold=3", "threshold belongs to route_by=words"),
        ("router:models=mlx+mlx:x,route_by=words", "route_by=words needs a threshold; write threshold=30"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(answer, typed, error):
    """A cascade and a router need models to choose from, and no parameter that they would ignore."""
    with pytest.raises(ParameterError, match=error):
        answer(typed, FakeProvider(lambda _: "42"))
