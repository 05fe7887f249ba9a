"""Which parameter a rejection names, in the wordings of many servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.http.errors import RejectedError, error_from_status
from pytest_hiddenlayer.providers.http.optional_parameters import CHAT, MESSAGES, OLLAMA, RESPONSES
from pytest_hiddenlayer.providers.http.refusals import Refusals, remove
from pytest_hiddenlayer.providers.http.server import Server

SERVER = Server(provider="openai", model="m", url="http://127.0.0.1:1", key=None)
TABLES = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES, "ollama": OLLAMA}
BODIES: dict[str, dict[str, Any]] = {
    "chat": {
        **{"temperature": 1.5, "top_p": 0.9, "max_tokens": 9, "stop": ["a"], "seed": 1, "store": False},
        **{"logprobs": True, "top_logprobs": 20, "response_format": {"type": "json_schema"}},
        **{"reasoning_effort": "low", "stream": True, "stream_options": {"include_usage": True}},
    },
    "messages": {
        **{"temperature": 1.5, "top_p": 0.9, "max_tokens": 9, "stop_sequences": ["a"], "stream": True},
        **{"output_config": {"format": {"type": "json_schema"}, "effort": "low"}, "thinking": {"type": "adaptive"}},
    },
    "responses": {
        **{"temperature": 0.0, "top_p": 0.9, "max_output_tokens": 16, "store": False, "stream": True},
        **{"include": ["message.output_text.logprobs"], "top_logprobs": 20, "text": {"format": {}}},
        "reasoning": {"effort": "low"},
    },
    "ollama": {
        **{"format": {"type": "object"}, "think": True, "logprobs": True, "top_logprobs": 20},
        "options": {"seed": 1, "temperature": 0.0, "top_p": 0.9, "stop": ["a"], "num_predict": 9},
    },
}


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "param": param, "code": code, "type": "invalid_request_error"}}


def anthropic(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


NAMED: list[tuple[str, Any, str]] = [
    ("chat", openai("Unrecognized request argument supplied: logprobs"), "logprobs"),
    ("chat", openai("property 'top_logprobs' is unsupported"), "logprobs"),
    ("chat", openai("Logprobs is not enabled for models/x"), "logprobs"),
    ("chat", openai("Argument not supported on this model: stop"), "stop"),
    ("chat", openai("Invalid value: 'json_schema'. Supported: 'text'.", "response_format.type"), "schema"),
    ("chat", openai("Structured outputs are not supported"), "schema"),
    ("chat", openai("invalid temperature: only 1 is allowed for this model"), "temperature"),
    (
        "chat",
        openai("'temperature' does not support 0 with this model", "temperature", "unsupported_value"),
        "temperature",
    ),
    ("chat", openai("Use 'max_completion_tokens' instead", "max_tokens", "unsupported_parameter"), "max_tokens"),
    ("chat", openai("top_p must be unset for this model"), "top_p"),
    ("chat", openai("`temperature` and `top_p` cannot be used together"), "top_p"),
    ("chat", openai("Unsupported parameter: reasoning_effort"), "reasoning_effort"),
    ("chat", openai("Streaming is not supported for this model"), "stream"),
    ("chat", openai("seed must be between 0 and 100"), "seed"),
    ("chat", [{"error": {"code": 400, "message": 'Unknown name "seed": Cannot find field.'}}], "seed"),
    ("chat", {"detail": [{"loc": ["body", "store"], "msg": "Extra inputs are not permitted"}]}, "store"),
    ("chat", {"detail": [{"loc": ["body", "seed"], "msg": "extra", "input": {"temperature": 1}}]}, "seed"),
    ("chat", {"error": 'json: unknown field "stream_options"'}, "stream_options"),
    ("chat", {"message": "unknown field: parameter 'seed' is not a valid field"}, "seed"),
    ("messages", anthropic("`temperature` and `top_p` cannot both be specified for this model."), "top_p"),
    ("messages", anthropic("`temperature` may only be set to 1 when thinking is enabled."), "temperature"),
    ("messages", anthropic("output_config.effort: Extra inputs are not permitted"), "reasoning_effort"),
    ("messages", anthropic("output_config.format: This model does not support structured outputs"), "schema"),
    ("messages", anthropic("adaptive thinking is not supported on this model"), "reasoning_effort"),
    ("responses", openai("logprobs are not supported with reasoning models.", "include"), "logprobs"),
    ("responses", openai("not supported", "reasoning.effort", "unsupported_parameter"), "reasoning_effort"),
    ("responses", openai("Unknown parameter: 'text.format'."), "schema"),
    ("ollama", {"error": '"m" does not support thinking'}, "reasoning_effort"),
    ("ollama", {"error": "invalid format: not supported"}, "schema"),
    ("ollama", {"error": "option seed is unknown"}, "seed"),
]
FINAL: list[tuple[str, Any]] = [
    ("chat", openai("Expected a value <= 2, but got 3 instead.", "temperature", "decimal_above_max_value")),
    ("chat", openai("max_tokens is too large: 200000. This model supports at most 16384 completion tokens")),
    ("chat", openai("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens")),
    ("chat", openai("string too long, stop it", "messages[0].content")),
    ("chat", openai("Your request was flagged by the content policy")),
    ("messages", anthropic("temperature: range: 0..1")),
    ("messages", anthropic("max_tokens: 200000 > 64000, which is the maximum for this model")),
    ("messages", anthropic("`max_tokens` must be greater than `thinking.budget_tokens`")),
    ("messages", anthropic("prompt is too long: 250000 tokens > 200000 maximum")),
]


def rejected(error: Any) -> RejectedError:
    raised = error_from_status(SERVER, 400, {}, json.dumps(error).encode())
    assert isinstance(raised, RejectedError)
    return raised


@pytest.mark.parametrize(("api", "error", "name"), NAMED)
def test_the_refused_parameter_is_found(api: str, error: Any, name: str):
    """By the error's own field, by the location that FastAPI lists, or by the first name in its message."""
    step = Refusals(TABLES[api])._next(rejected(error).rejection, BODIES[api], {})
    assert step is not None
    assert set(step) == {name}


@pytest.mark.parametrize(("api", "error"), FINAL)
def test_a_value_or_a_message_that_is_wrong_is_final(api: str, error: Any):
    """Nothing is left out for an error about a range, about the messages, or about nothing optional."""
    assert Refusals(TABLES[api])._next(rejected(error).rejection, BODIES[api], {}) is None


@pytest.mark.parametrize("message", ["temperature must be > 0", "`temperature` must be strictly positive"])
def test_temperature_0_is_left_out_where_only_more_is_accepted(message: str):
    """A judge asks at temperature 0; a server that accepts only higher ones is asked at its own default."""
    rejection = rejected(openai(message)).rejection
    assert Refusals(CHAT)._next(rejection, {"temperature": 0.0}, {}) == {"temperature": 0}


def test_a_parameter_that_was_not_sent_is_not_the_reason():
    """An error that names a parameter outside of the body changes nothing."""
    rejection = rejected(openai("Unsupported parameter: 'seed'", "seed")).rejection
    assert Refusals(CHAT)._next(rejection, {"temperature": 0.0}, {}) is None


def test_a_rejected_line_of_a_batch_is_transient_only_if_another_form_may_be_accepted():
    """It is then made again by a single call; any other rejection is final."""
    refusals, body = Refusals(CHAT), {"seed": 1}
    assert isinstance(refusals.error_in_batch(rejected(openai("seed is unknown")), body), TransientError)
    final = refusals.error_in_batch(rejected(openai("no such model")), body)
    assert isinstance(final, ProviderError)
    assert not isinstance(final, TransientError)


def test_an_object_that_becomes_empty_is_removed():
    """The last entry takes the object with it, any other leaves it."""
    body: dict[str, Any] = {"output_config": {"format": {}, "effort": "low"}, "text": {"format": {}}}
    remove(body, "output_config.format", "text.format", "missing.key", "missing")
    assert body == {"output_config": {"effort": "low"}}


@pytest.mark.parametrize(("kind", "is_rejected"), [("invalid_request_error", True), ("permission_error", False)])
def test_a_forbidden_parameter_is_not_a_forbidden_key(kind: str, is_rejected: bool):
    """OpenAI answers 403 if a model has no log-probabilities; any other 403 is about the key or the model."""
    error = {"message": "You are not allowed to request logprobs from this model", "type": kind, "param": None}
    raised = error_from_status(SERVER, 403, {}, json.dumps({"error": error}).encode())
    assert isinstance(raised, RejectedError) is is_rejected
    assert raised.status == 403
