"""OpenAI's chat completions, at OpenAI or at any compatible server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..protocols import ProviderCapabilities
from ..types import Completion, Request
from . import openai_server
from .http.base_provider import BaseHTTPProvider
from .http.errors import error_in_response, error_of, require_format
from .http.optional_parameters import CHAT
from .http.parsing import (
    chat_messages,
    finish_reason,
    logprob_tokens,
    openai_usage,
    other_tier,
    text_of,
    thoughts_of,
)
from .http.refusals import Refusals
from .http.server import validate_model
from .http.streaming import ChatAccumulator
from .openai_batch import OpenAIBatches

MAX_STOPS = 4  # stop texts, limit of the API; the response is cut at the others after it has come


class OpenAIProvider(BaseHTTPProvider):
    """One model through chat completions; one attempt per call."""

    default_model = openai_server.DEFAULT_MODEL
    modules = openai_server.MODULES
    _path = "/chat/completions"
    _accumulator = ChatAccumulator
    _stream_fields: ClassVar = {"stream": True, "stream_options": {"include_usage": True}}

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = openai_server.find_server("openai", model, base_url, send_key=send_key)
        self._client = openai_server.open_client(self._server)
        self._refusals = Refusals(CHAT)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            fingerprint=self._server.fingerprint,
            price_list=self._server.price_list,
            concurrency=openai_server.CONCURRENCY,
            deterministic=True,
            supports_json_schema=True,
            batch_api=OpenAIBatches(self._server, self._client, "/v1/chat/completions", self),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for an invalid model name."""
        validate_model(model, "openai")

    def _read(self, response: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        with require_format(self._server, "choices", response):
            choice = response["choices"][0]
            if (error := error_of({"choices": [choice]})) is not None:
                raise error_in_response(self._server, error)
            text, reason = _text_and_reason(choice)
            return self._completion(
                response,
                request,
                latency_s,
                text=text,
                reason=reason,
                usage=openai_usage(response.get("usage"), "prompt_tokens", "completion_tokens"),
                tokens=logprob_tokens(choice.get("logprobs")),
                reasoning=_reasoning(choice["message"]),
                price_unknown=other_tier(response.get("service_tier")),
            )

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        at_vendor = self._server.price_list is not None
        body: dict[str, Any] = {
            "model": self.model,
            "messages": chat_messages(request),
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_completion_tokens" if at_vendor else "max_tokens": params.max_tokens,
            "reasoning_effort": params.reasoning_effort,
            "stop": list(params.stop)[: MAX_STOPS if at_vendor else None] if params.stop else None,
            "store": False if at_vendor else None,  # the default depends on the account
            # A greedy request needs no seed, and some local servers batch only requests without one.
            "seed": request.seed if at_vendor or params.temperature != 0 else None,
        }
        if request.token_logprobs:
            body["logprobs"] = True
        if request.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": min(request.top_logprobs, openai_server.MAX_ALTERNATIVES)}
        if request.schema is not None:
            schema = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if value is not None}


def _reasoning(message: Mapping[str, Any]) -> str | None:
    """Return what the model thought: `reasoning_content` or `reasoning` at DeepSeek and vLLM, parts at Mistral."""
    named = (message.get("reasoning_content"), message.get("reasoning"))
    return next((text for text in named if text and isinstance(text, str)), thoughts_of(message.get("content")))


def _text_and_reason(choice: Mapping[str, Any]) -> tuple[str, str]:
    """Return (text, finish reason); the text of a refusal is its message."""
    message = choice["message"]
    if message.get("refusal"):
        return str(message["refusal"]), "refusal"
    return text_of(message.get("content")), finish_reason(choice.get("finish_reason"))
