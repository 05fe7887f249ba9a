"""Requests, completions and records survive the way through JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import record

from pytest_hiddenlayer.io.codecs import (
    completion_from_json,
    completion_to_json,
    record_from_json,
    record_to_json,
    request_from_json,
    request_to_json,
)
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage

LOGPROBS = st.floats(max_value=0.0, allow_nan=False)
USAGES = st.builds(Usage, input_tokens=st.none() | st.integers(0, 9), calls=st.integers(0, 3))
COMPLETIONS = st.builds(
    Completion,
    text=st.text(),
    finish_reason=st.sampled_from(["stop", "length"]),
    usage=USAGES,
    latency_s=st.floats(0, 9),
    model=st.text(),
    logprobs=st.none() | st.lists(LOGPROBS).map(tuple),
    cost_usd=st.none() | st.floats(0, 9),
    top_logprobs=st.none() | st.lists(st.dictionaries(st.text(), LOGPROBS)).map(tuple),
    cached=st.booleans(),
    attempts=st.integers(1, 9),
    warnings=st.lists(st.text()).map(tuple),
    batched=st.booleans(),
    reasoning=st.none() | st.text(),
)
REQUEST = Request(
    messages=(Message(role="system", content="s"), Message(role="user", content='"é\ud800\n')),
    params=GenerationConfig(temperature=0.5, stop=("x", "y")),
    seed=7,
    role="judge",
    round=2,
    sample_id="a",
    epoch=3,
    outputs=("o",),
    schema={"type": "object"},
    top_logprobs=2,
    independent=True,
)


def through_json(values: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(values, allow_nan=False))


@given(COMPLETIONS)
def test_a_completion_is_read_back(completion):
    """Every field, log-probabilities of minus infinity included."""
    assert completion_from_json(through_json(completion_to_json(completion))) == completion


def test_a_request_is_read_back():
    """Every field, lone surrogates included."""
    assert request_from_json(through_json(request_to_json(REQUEST))) == REQUEST


def test_minus_infinity_is_null():
    """JSON has no infinity."""
    completion = Completion(
        text="", finish_reason="stop", usage=Usage(), latency_s=0, model="m", logprobs=(-math.inf, -1.0)
    )
    assert completion_to_json(completion)["logprobs"] == [None, -1.0]


def test_the_warnings_of_version_0_1_are_read():
    """They had the key `remarks`."""
    values = {"text": "", "finish_reason": "stop", "usage": {}, "latency_s": 0.0, "model": "m", "remarks": ["cut"]}
    assert completion_from_json(values).warnings == ("cut",)


PROMPT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q " * 1000}]
CALLS = [
    {"role": "agent-1", "messages": PROMPT, "completion": "a"},
    {"role": "agent-2", "messages": [*PROMPT], "completion": "b"},
    {"role": "judge", "messages": [{"role": "user", "content": "prompt"}], "completion": "c"},
]


def test_a_record_is_read_back():
    """With prompt, choices, metadata and reasoning."""
    made = record("a", 1.0, prompt=PROMPT, transcript=CALLS, choices=["x"], metadata={"m": 1}, reasoning="hm")
    assert record_from_json(through_json(record_to_json(made))) == made


def test_a_prompt_is_written_once():
    """However many calls send it."""
    line = json.dumps(record_to_json(record("a", 1.0, prompt=PROMPT, transcript=CALLS)))
    assert line.count(PROMPT[1]["content"]) == 1


def test_a_record_of_schema_2_gets_its_prompt_from_its_first_call():
    """The first call of single, self_consistency and debate sent it; of other strategies it is unknown."""
    old = {name: value for name, value in record("a", 1.0, transcript=CALLS).to_json().items() if name != "prompt"}
    old["schema"] = 2
    assert record_from_json(old).prompt == PROMPT
    old["transcript"] = CALLS[2:]
    assert record_from_json(old).prompt is None
    assert record_from_json(old).schema == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, 5) for name in ("task", "sample_id", "model", "output", "scores", "usage", "transcript", "prompt")),
        *((name, []) for name in ("epoch", "outcome", "cost_usd", "metadata", "strategy_params", "scores", "usage")),
        ("epoch", 0),
        ("epoch", True),
        ("cost_usd", -1),
        ("cost_usd", math.nan),
        ("cost_usd", 10**400),
        ("latency_s", math.inf),
        ("outcome", "unheard"),
        ("choices", [1]),
        ("usage", {"calls": 1}),
        ("usage", {"input_tokens": "x", "output_tokens": 1, "calls": 1}),
        ("usage", {"input_tokens": 10**400, "output_tokens": 1, "calls": 1}),
        ("scores", {"exact": 1.0}),
        ("scores", {"exact": {"answer": "a"}}),
        ("scores", {"exact": {"value": math.nan}}),
        ("scores", {"exact": {"value": 2}}),
        ("scores", {}),
        ("scores", {"exact": {"value": None, "explanation": "x"}}),
        ("started_at", "yesterday"),
        ("transcript", [5]),
        ("transcript", [{"role": 5}]),
        ("transcript", [{"messages": [{"role": "user"}]}]),
        ("transcript", [{"usage": 5}]),
        ("prompt", [{"content": "a"}]),
    ],
)
def test_a_record_with_another_type_is_refused(name, value):
    """A damaged or hostile line is an error that names the field, before anything is computed from it."""
    values = {**record_to_json(record("s0", 1.0)), name: value}
    with pytest.raises(TypeError, match=f"`{name}` cannot be"):
        record_from_json(values)
