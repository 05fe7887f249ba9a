"""A model that answers by rules from a JSON file: for tests of strategies, gates and conftests.

    --provider scripted:replies.json

    {"rules": [{"role": "judge", "contains": "17", "reply": "17"},
               {"round": 1, "replies": ["a", "b"]},
               {"contains": "boom", "error": "server said 500"}],
     "default": "I do not know."}

The first rule that fits answers: `role` is a regular expression for the whole role, `round` a
number, `contains` text of the last message. `replies` are taken by the call's seed. A rule
may also set `finish_reason` and `delay_s`. Without a file it repeats the last message.

A rule may play a model that tells its probabilities: `logprobs` is a list with the natural log
of each token taken, `top_logprobs` a list with {text: natural log} for each, which is returned
where it was asked for. With `structured`, an object, the rule replies this object as JSON
wherever a schema was asked for, as a provider with structured output would.
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
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage

_KEYS = {"role", "round", "contains", "reply", "replies", "error", "finish_reason", "delay_s"}
_KEYS |= {"logprobs", "top_logprobs", "structured"}


class ScriptedProvider:
    """Answers from `rules`; counts words as tokens; free."""

    default_model = "scripted"

    def __init__(self, model: str | None = None, script: Mapping[str, Any] | None = None) -> None:
        self.model = model or self.default_model
        script = script if script is not None else _read(model)
        self._rules: list[Mapping[str, Any]] = list(script.get("rules", []))
        self._default: str | None = script.get("default")
        has_structured = any("structured" in rule for rule in self._rules)
        self.capabilities = ProviderCapabilities(supports_json_schema=has_structured)
        for rule in self._rules:
            if unknown := set(rule) - _KEYS:
                raise UsageError(f"scripted rule {dict(rule)!r}: unknown {sorted(unknown)}; allowed: {sorted(_KEYS)}")

    async def complete(self, request: Request) -> Completion:
        """The reply of the first rule that fits. Raises ProviderError where that rule is an error."""
        began = time.perf_counter()
        said = request.messages[-1].content
        rule = next((r for r in self._rules if _fits(r, request, said)), {})
        await asyncio.sleep(rule.get("delay_s", 0.0))
        if "error" in rule:
            raise ProviderError(rule["error"])
        text = _reply(rule, request, said if self._default is None else self._default)
        words = sum(len(message.content.split()) for message in request.messages)
        return Completion(
            text=text,
            finish_reason=rule.get("finish_reason", "stop"),
            usage=Usage(input_tokens=words, output_tokens=len(text.split()), calls=1),
            latency_s=time.perf_counter() - began,
            model=self.model,
            logprobs=tuple(rule["logprobs"]) if "logprobs" in rule else None,
            cost_usd=0.0,
            top_logprobs=tuple(rule["top_logprobs"]) if request.top_logprobs and "top_logprobs" in rule else None,
        )

    async def close(self) -> None:
        """Nothing is open."""


def _read(model: str | None) -> Mapping[str, Any]:
    if model is None:
        return {}
    try:
        script = json.loads(Path(model).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--provider scripted:{model}: cannot read it ({error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"--provider scripted:{model}: not JSON: {error}") from error
    if not isinstance(script, dict):
        raise UsageError(f"--provider scripted:{model}: a JSON object with `rules` is needed")
    return script


def _fits(rule: Mapping[str, Any], request: Request, said: str) -> bool:
    return (
        re.fullmatch(rule.get("role", ".*"), request.role) is not None
        and rule.get("round", request.round) == request.round
        and rule.get("contains", "") in said
    )


def _reply(rule: Mapping[str, Any], request: Request, default: str) -> str:
    if "structured" in rule and request.schema is not None:
        return json.dumps(rule["structured"])
    if "replies" in rule:
        replies: list[str] = rule["replies"]
        return replies[request.seed % len(replies)]
    reply: str = rule.get("reply", default)
    return reply
