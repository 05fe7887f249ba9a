"""A model that replies by rules from a JSON file: for tests of strategies, gates and conftest.py files.

    --provider scripted:replies.json

    {"rules": [{"role": "judge", "contains": "17", "reply": "17"},
               {"round": 1, "replies": ["a", "b"]},
               {"contains": "boom", "error": "server said 500"}],
     "default": "I do not know."}

The first matching rule replies: `role` is a regular expression for the whole role, `round` a
number, `contains` a text in the last message. The seed of the call selects one of `replies`. A rule
may also set `finish_reason`, `reasoning` and `delay_s`. Without a file the model repeats the last message.

A rule may also set log-probabilities: `logprobs` is a list with the natural log per output token,
`top_logprobs` a list with {text: natural log} per token, which is returned if the request asks for
it. If a request has a schema, a rule with `structured`, an object, replies with this object as JSON,
as a provider with structured output does.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ProviderError, UsageError
from ..identifiers import digest
from ..io.json_text import decode_json
from ..io.regular_files import read_text
from ..io.writable import reason
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage

_KEYS = {"role", "round", "contains", "reply", "replies", "error", "finish_reason", "delay_s", "reasoning"}
_KEYS |= {"logprobs", "top_logprobs", "structured"}


class ScriptedProvider:
    """Replies by `rules`. A token is a word; a call costs nothing."""

    default_model = "scripted"

    def __init__(self, model: str | None = None, script: Mapping[str, Any] | None = None) -> None:
        self.model = model or self.default_model
        script = script if script is not None else _read_script(model)
        self._rules: list[Mapping[str, Any]] = list(script.get("rules", []))
        self._default: str | None = script.get("default")
        has_structured = any("structured" in rule for rule in self._rules)
        self.capabilities = ProviderCapabilities(
            supports_json_schema=has_structured,
            fingerprint=digest(dict(script)),  # a cache must not answer for another script of this name
        )
        for rule in self._rules:
            if unknown := set(rule) - _KEYS:
                raise UsageError(f"scripted rule {dict(rule)!r}: unknown {sorted(unknown)}; allowed: {sorted(_KEYS)}")

    async def complete(self, request: Request) -> Completion:
        """Return the reply of the first matching rule. Raises ProviderError if that rule has `error`."""
        start_s = time.perf_counter()
        prompt = request.messages[-1].content
        rule = next((rule for rule in self._rules if _matches(rule, request, prompt)), {})
        await asyncio.sleep(rule.get("delay_s", 0.0))
        if "error" in rule:
            raise ProviderError(rule["error"])
        text = _reply(rule, request, prompt if self._default is None else self._default)
        words = sum(len(message.content.split()) for message in request.messages)
        return Completion(
            text=text,
            finish_reason=rule.get("finish_reason", "stop"),
            usage=Usage(input_tokens=words, output_tokens=len(text.split()), calls=1),
            latency_s=time.perf_counter() - start_s,
            model=self.model,
            logprobs=tuple(rule["logprobs"]) if "logprobs" in rule else None,
            token_texts=_token_texts(text) if request.token_logprobs and "logprobs" in rule else None,
            cost_usd=0.0,
            reasoning=rule.get("reasoning"),
            top_logprobs=tuple(rule["top_logprobs"]) if request.top_logprobs and "top_logprobs" in rule else None,
        )

    async def close(self) -> None:
        """Do nothing: there is no connection."""


def _token_texts(text: str) -> tuple[str, ...]:
    """The words, each with the space before it."""
    return tuple(re.findall(r"\s*\S+", text))


def _read_script(model: str | None) -> Mapping[str, Any]:
    if model is None:
        return {}
    try:
        script = decode_json(read_text(Path(model)))
    except OSError as error:
        raise UsageError(f"--provider scripted:{model}: cannot read it ({reason(error)})") from error
    except ValueError as error:
        raise UsageError(f"--provider scripted:{model}: not JSON: {error}") from error
    if not isinstance(script, dict):
        raise UsageError(f"--provider scripted:{model}: a JSON object with `rules` is needed")
    return script


def _matches(rule: Mapping[str, Any], request: Request, prompt: str) -> bool:
    return (
        re.fullmatch(rule.get("role", ".*"), request.role) is not None
        and rule.get("round", request.round) == request.round
        and rule.get("contains", "") in prompt
    )


def _reply(rule: Mapping[str, Any], request: Request, default: str) -> str:
    if "structured" in rule and request.schema is not None:
        return json.dumps(rule["structured"])
    if "replies" in rule:
        replies: list[str] = rule["replies"]
        return replies[request.seed % len(replies)]
    reply: str = rule.get("reply", default)
    return reply
