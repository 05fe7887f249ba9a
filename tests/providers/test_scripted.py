"""What a script can play beside plain replies: probabilities and structured output."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

TOLD = {"reply": "4", "logprobs": [-0.5], "top_logprobs": [{"4": -0.5, "5": -1.0}]}
OBJECT = {"reply": "plain", "structured": {"verdict": 4}}


def said(rule: dict[str, Any], **more: Any) -> Completion:
    request = Request(messages=(Message(role="user", content="q"),), params=GenerationConfig(), seed=0, **more)
    return asyncio.run(ScriptedProvider(script={"rules": [rule]}).complete(request))


def test_alternatives_are_told_where_they_were_asked_for():
    """`top_logprobs` come back on request only, `logprobs` always."""
    wanted, plain = said(TOLD, top_logprobs=2), said(TOLD)
    assert (wanted.logprobs, wanted.top_logprobs) == ((-0.5,), ({"4": -0.5, "5": -1.0},))
    assert (plain.logprobs, plain.top_logprobs) == ((-0.5,), None)


def test_an_object_is_replied_where_a_schema_was_given():
    """`structured` is the reply to a request with a schema, `reply` to any other."""
    assert json.loads(said(OBJECT, schema={"type": "object"}).text) == {"verdict": 4}
    assert said(OBJECT).text == "plain"


def test_a_script_with_objects_has_structured_output():
    """The provider says of itself what it can do."""
    assert ScriptedProvider(script={"rules": [OBJECT]}).capabilities.supports_json_schema
    assert not ScriptedProvider(script={"rules": [TOLD]}).capabilities.supports_json_schema


def test_unknown_keys_are_refused():
    """A slip in a rule is a usage error."""
    with pytest.raises(UsageError, match=r"unknown \['logprob'\]"):
        ScriptedProvider(script={"rules": [{"logprob": []}]})
