"""The scripted provider: log-probabilities, structured output, invalid rules."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

WITH_LOGPROBS = {"reply": "4", "logprobs": [-0.5], "top_logprobs": [{"4": -0.5, "5": -1.0}]}
WITH_OBJECT = {"reply": "plain", "structured": {"verdict": 4}}


def complete(rule: dict[str, Any], **more: Any) -> Completion:
    request = Request(messages=(Message(role="user", content="q"),), params=GenerationConfig(), seed=0, **more)
    return asyncio.run(ScriptedProvider(script={"rules": [rule]}).complete(request))


def test_alternatives_are_returned_on_request():
    """`top_logprobs` are returned on request only, `logprobs` always."""
    wanted, plain = complete(WITH_LOGPROBS, top_logprobs=2), complete(WITH_LOGPROBS)
    assert (wanted.logprobs, wanted.top_logprobs) == ((-0.5,), ({"4": -0.5, "5": -1.0},))
    assert (plain.logprobs, plain.top_logprobs) == ((-0.5,), None)


def test_a_request_with_a_schema_gets_the_object():
    """`structured` is the reply to a request with a schema, `reply` to any other."""
    assert json.loads(complete(WITH_OBJECT, schema={"type": "object"}).text) == {"verdict": 4}
    assert complete(WITH_OBJECT).text == "plain"


def test_a_script_with_objects_has_structured_output():
    """A provider is `structured` if one of its rules has `structured`."""
    assert ScriptedProvider(script={"rules": [WITH_OBJECT]}).capabilities.supports_json_schema
    assert not ScriptedProvider(script={"rules": [WITH_LOGPROBS]}).capabilities.supports_json_schema


def test_unknown_keys_are_refused():
    """An unknown key in a rule is a usage error."""
    with pytest.raises(UsageError, match=r"unknown \['logprob'\]"):
        ScriptedProvider(script={"rules": [{"logprob": []}]})


def test_another_script_is_another_model_for_the_cache():
    """Two scripts of one name have different fingerprints, equal ones the same."""
    scripts = [{"default": "a"}, {"default": "b"}, {"default": "a"}]
    prints = [ScriptedProvider("replies.json", script).capabilities.fingerprint for script in scripts]
    assert prints[0] == prints[2] != prints[1]
