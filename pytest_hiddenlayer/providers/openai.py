"""OpenAI's chat completions, at OpenAI or at any server that is compatible with them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from . import openai_server
from .http.errors import reading
from .http.parsing import chat, count, finish_reason, probabilities
from .http.server import checked_model
from .http.streaming import ChatPieces, accumulate
from .openai_batch import OpenAIBatches

MOST_ALTERNATIVES = 20  # that the API gives


class OpenAIProvider:
    """One model by chat completions; one attempt a call."""

    default_model = openai_server.DEFAULT_MODEL
    stream = False  # whether answers are streamed, so that the time to the first token is known

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = openai_server.find("openai", model, base_url, send_key=send_key)
        self._client = openai_server.client(self._server)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            price_list=self._server.price_list,
            concurrency=openai_server.CONCURRENCY,
            deterministic=True,
            supports_json_schema=True,
            batch_api=OpenAIBatches(self._server, self._client, "/v1/chat/completions", self._body, self._read),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a name that no model has."""
        checked_model(model, "openai")

    async def complete(self, request: Request) -> Completion:
        """One completion by one attempt. Raises ProviderError; TransientError where asking again may help."""
        began = time.perf_counter()
        body = self._body(request)
        if not self.stream:
            found = await self._client.post("/chat/completions", body)
            return self._read(found, request, time.perf_counter() - began)
        events = self._client.events(
            "/chat/completions", body | {"stream": True, "stream_options": {"include_usage": True}}
        )
        found, first_s = await accumulate(self._server, events, ChatPieces())
        whole = self._read(found, request, time.perf_counter() - began)
        return replace(whole, time_to_first_token_s=first_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _read(self, found: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        """What an answer tells, by itself or in a batch. Raises TransientError where it is none."""
        with reading(self._server, "choices", found):
            choice = found["choices"][0]
            text, reason = _said(choice)
            logprobs, top = probabilities((choice.get("logprobs") or {}).get("content"), request.top_logprobs)
        return Completion(
            text=text,
            finish_reason=reason,
            usage=_usage(found.get("usage")),
            latency_s=latency_s,
            model=found.get("model") or self.model,
            logprobs=logprobs,
            top_logprobs=top,
            cost_usd=self._server.cost_usd,
        )

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        own = self._server.price_list is not None
        body: dict[str, Any] = {
            "model": self.model,
            "messages": chat(request),
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_completion_tokens" if own else "max_tokens": params.max_tokens,
            "stop": list(params.stop) if params.stop else None,
            # Greedy answers need none, and some local servers batch only what has none.
            "seed": request.seed if own or params.temperature != 0 else None,
        }
        if request.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": min(request.top_logprobs, MOST_ALTERNATIVES)}
        if request.schema is not None:
            schema = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if value is not None}


def _said(choice: Mapping[str, Any]) -> tuple[str, str]:
    """(text, finish reason); a refusal's own words are its text."""
    message = choice["message"]
    if message.get("refusal"):
        return str(message["refusal"]), "refusal"
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return "" + content, finish_reason(choice.get("finish_reason"))


def _usage(found: Mapping[str, Any] | None) -> Usage:
    """Cached tokens are a part of the input, reasoning a part of the output, as the API counts them."""
    return Usage(
        input_tokens=count(found, "prompt_tokens"),
        output_tokens=count(found, "completion_tokens"),
        cached_input_tokens=count(found, "prompt_tokens_details", "cached_tokens"),
        cache_write_tokens=count(found, "prompt_tokens_details", "cache_write_tokens"),
        reasoning_tokens=count(found, "completion_tokens_details", "reasoning_tokens"),
        calls=1,
    )
