"""`self_consistency` with weights and stopping rules: who is asked what in which order, and what is recorded."""

from __future__ import annotations

import asyncio
import math

import pytest
from support.strategies import QUESTION, TASK, FakeProvider

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.errors import ParameterError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName


def bound(params: str):
    return bind_strategy(parse_strategy(f"self_consistency:{params}"))


@pytest.fixture
def scripted(tmp_path):
    """Returns a function that runs a strategy on the sample with rules of a scripted model."""

    def run(strategy: str, rules: list[dict]):
        (tmp_path / "t.yaml").write_text(TASK)
        chosen = RunOptions(providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(strategy),))
        (cell,) = cells(load_task(tmp_path / "t.yaml", tmp_path), chosen)
        (case,) = cases(cell)
        provider = ScriptedProvider("s", {"rules": rules})
        return asyncio.run(run_case(case, provider, provider, overrides=GenerationConfig(), run_id="r"))

    return run


def roles(fake: FakeProvider) -> list[str]:
    return [request.role for request in fake.requests]


def test_adaptive_asks_one_at_a_time_and_stops(answer):
    """stop=adaptive asks for single samples and ends after four equal answers: four calls of ten."""
    fake = FakeProvider(lambda _: "42")
    record = answer("self_consistency:n_samples=10,stop=adaptive", fake)
    assert roles(fake) == [f"sample-{i}" for i in range(1, 5)]
    stopped = record.answer_metadata["vote"]["stopped"]
    assert (stopped["asked"], stopped["of"], stopped["probability"]) == (4, 10, 0.96875)
    assert stopped["why"] == "the most frequent answer stays ahead with probability 0.969 >= 0.95"
    assert record.outcome == "correct"


def test_a_batch_is_asked_at_once(answer):
    """batch=3 asks for three samples at the same time, and the last batch is what is left."""
    replies = {f"sample-{i}": str(i % 2) for i in range(1, 9)}
    fake = FakeProvider(lambda r: replies[r.role])
    record = answer("self_consistency:n_samples=8,stop=adaptive,batch=3", fake)
    assert len(fake.requests) == 8
    assert record.answer_metadata["vote"]["stopped"]["why"] == "all samples were asked"
    assert (
        answer("self_consistency:n_samples=9,stop=adaptive,batch=3", FakeProvider(lambda _: "42")).usage["calls"] == 6
    )


def test_early_stops_after_a_unanimous_window(answer):
    """stop=early ends after the first window whose answers are equal; earlier samples still vote."""
    replies = ["7", "42", "42", "42", "42", "42"]
    fake = FakeProvider(lambda r: replies[int(r.role[7:]) - 1])
    record = answer("self_consistency:n_samples=9,stop=early,window=2", fake)
    assert record.answer_metadata["vote"]["votes"] == {"42": 3, "7": 1}


def test_samples_have_the_same_seeds_whatever_the_rule(answer):
    """A stopping rule or weights change no seed and no request of a sample but its log-probabilities."""
    plain, adaptive = FakeProvider(lambda _: "42"), FakeProvider(lambda _: "42")
    answer("self_consistency:n_samples=10", plain)
    answer("self_consistency:n_samples=10,stop=adaptive", adaptive)
    assert [r.seed for r in adaptive.requests] == [r.seed for r in plain.requests][:4]
    assert {r.top_logprobs for r in plain.requests} == {0}


def test_p_true_is_asked_once_per_sample_with_an_answer(scripted):
    """weights=p_true asks about each sample that answered; the surest one wins at a low temperature."""
    rules = [{"role": f"sample-{i}", "reply": text} for i, text in enumerate(("41", "hm", "42", "41"), 1)]
    low, high = ([{"A": math.log(p), "B": math.log(1 - p)}] for p in (0.1, 0.9))
    rules += [{"contains": "Possible answer:\n42", "reply": "A", "top_logprobs": high}]
    rules += [{"contains": "Possible answer:\n41", "reply": "B", "top_logprobs": low}]
    record = scripted("self_consistency:n_samples=4,weights=p_true,vote_temperature=0.1", rules)
    assert [call["role"] for call in record.transcript[4:]] == ["confidence-1", "confidence-3", "confidence-4"]
    assert (record.answer, record.outcome) == ("42", "correct")
    vote = record.answer_metadata["vote"]
    assert vote["votes"] == {"41": 2, "42": 1}
    assert vote["weights"]["42"] > 0.99
    assert vote["samples"][2]["confidences"] == {"p_true": pytest.approx(0.9)}
    assert vote["samples"][1] == {"answer": None, "weight": 0.0, "why": "no answer"}


def test_a_stated_confidence_is_asked_about_the_models_own_answer(answer):
    """weights=verbalized asks in a second turn; samples with an unreadable reply do not vote."""
    replies = {"sample-1": "41", "sample-2": "42", "sample-3": "41", "confidence-2": "90 %"}
    fake = FakeProvider(lambda r: replies.get(r.role, "no idea"))
    record = answer("self_consistency:n_samples=3,weights=verbalized", fake)
    second_turn = next(r for r in fake.requests if r.role == "confidence-2")
    assert [m.content for m in second_turn.messages[:2]] == [QUESTION, "42"]
    assert record.answer == "42"
    assert "no idea" in record.answer_metadata["vote"]["samples"][0]["why"]


def test_log_probabilities_weight_votes(scripted):
    """weights=mean_logprob weights by the probability per token."""
    rules = [{"role": "sample-2", "reply": "42", "logprobs": [-0.01], "top_logprobs": [{"42": -0.01}]}]
    rules += [{"reply": "41", "logprobs": [-3.0], "top_logprobs": [{"41": -3.0}]}]
    record = scripted("self_consistency:n_samples=3,weights=mean_logprob,vote_temperature=0.1", rules)
    assert record.answer == "42"
    assert record.answer_metadata["vote"]["samples"][0]["confidences"]["mean_logprob"] == pytest.approx(math.exp(-3))


@pytest.mark.parametrize("weights", ["mean_logprob", "tail_confidence", "p_true", "verbalized"])
def test_a_confidence_that_nobody_has_is_unscored(answer, weights):
    """If the model gives no confidence, the outcome is unscored and says what to do: never a plain vote."""
    fake = FakeProvider(lambda r: "42" if r.role.startswith("sample") else "hm")
    record = answer(f"self_consistency:n_samples=3,weights={weights}", fake)
    assert record.outcome == "unscored"
    assert f"asked to use {weights}, but no sample has it (no {weights}: " in record.error
    assert "weights=none" in record.error


FAULTS = {
    "weighting=linear": "weighting needs a confidence",
    "vote_temperature=2": "vote_temperature needs a confidence",
    "weights=tail_confidence,weighting=raw,vote_temperature=2": "weighting=raw has no vote_temperature",
    "weights=entropy,weighting=raw": "write negentropy",
    "keep_top=0.5": "write filter_by=tail_confidence",
    "filter_by=margin": "write keep_top=0.1",
    "stop_threshold=0.9": "stop_threshold belongs to stop=adaptive, and stop is none",
    "stop=early,batch=2": "batch belongs to stop=adaptive, and stop is early",
    "stop=adaptive,window=2": "window belongs to stop=early",
    "stop=adaptive,keep_top=0.5,filter_by=margin": "does not ask for all",
    "stop=early": "asks for 5 of 5 samples at once, so it saves none",
    "stop=adaptive,batch=5": "write a smaller batch",
    "weights=confidence": "weights must be one of",
    "weigths=p_true": "did you mean 'weights'",
    "keep_top=0": "keep_top must be from",
    "window=1": "window must be at least 2",
}


@pytest.mark.parametrize("params", FAULTS)
def test_contradictions_are_errors_before_anything_is_asked(params):
    """A combination that makes no sense is an error that says what to write."""
    with pytest.raises(ParameterError, match=FAULTS[params].replace("(", r"\(")):
        bound(params)


def test_new_parameters_leave_earlier_records_as_they_were():
    """Parameters at their defaults are not recorded, so that keys and snapshots of earlier runs stay valid."""
    assert dict(bound("n_samples=7,weights=none").params) == {"n_samples": 7, "temperature": 0.8}
    weighted = bound("weights=p_true,weighting=softmax")
    assert dict(weighted.params) == {"n_samples": 5, "temperature": 0.8, "weights": "p_true"}
    assert weighted.label == "self_consistency.weights=p_true"
