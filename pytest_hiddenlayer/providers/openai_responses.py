"""OpenAI's responses API, at OpenAI or at any compatible server; requests ask the server to store nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ProviderError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request
from . import openai_server
from .http.base_provider import BaseHTTPProvider
from .http.errors import clean, error_from_status, error_of, error_status, require_format
from .http.optional_parameters import RESPONSES
from .http.parsing import chat_messages, finish_reason, openai_usage, other_tier
from .http.refusals import Refusals
from .http.server import validate_model
from .http.streaming import ResponsesAccumulator
from .openai_batch import OpenAIBatches

MIN_TOKENS = 16  # smallest limit of new tokens that the API accepts (hindsight#58, new-api#2866)


class OpenAIResponsesProvider(BaseHTTPProvider):
    """One model through the responses API; one attempt per call. The API has neither seeds nor stop sequences.

    A response is cut at stop texts after it has come.
    """

    default_model = openai_server.DEFAULT_MODEL
    modules = openai_server.MODULES
    _path = "/responses"
    _accumulator = ResponsesAccumulator

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = openai_server.find_server("openai_responses", model, base_url, send_key=send_key)
        self._client = openai_server.open_client(self._server)
        self._refusals = Refusals(RESPONSES)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            fingerprint=self._server.fingerprint,
            price_list=self._server.price_list,
            min_tokens=MIN_TOKENS,
            concurrency=openai_server.CONCURRENCY,
            supports_json_schema=True,
            batch_api=OpenAIBatches(self._server, self._client, "/v1/responses", self),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for an invalid model name."""
        validate_model(model, "openai_responses")

    def _read(self, response: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        self._raise_if_failed(response)
        with require_format(self._server, "output", response):
            parts = _message_parts(response)
            refusal = next((str(part["refusal"]) for part in parts if part.get("refusal")), None)
            reason = (response.get("incomplete_details") or {}).get("reason") or response.get("status")
            return self._completion(
                response,
                request,
                latency_s,
                text="".join(part.get("text", "") for part in parts) if refusal is None else refusal,
                reason=finish_reason(reason) if refusal is None else "refusal",
                usage=openai_usage(response.get("usage"), "input_tokens", "output_tokens"),
                tokens=[token for part in parts for token in part.get("logprobs") or ()],
                reasoning=_reasoning(response),
                warnings=_limit_warnings(request),
                price_unknown=other_tier(response.get("service_tier")),
            )

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        body: dict[str, Any] = {
            "model": self.model,
            "input": chat_messages(request),
            "store": False,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_output_tokens": None if params.max_tokens is None else max(params.max_tokens, MIN_TOKENS),
            "reasoning": None if params.reasoning_effort is None else {"effort": params.reasoning_effort},
        }
        if request.top_logprobs or request.token_logprobs:
            body["include"] = ["message.output_text.logprobs"]
        if request.top_logprobs:
            body["top_logprobs"] = min(request.top_logprobs, openai_server.MAX_ALTERNATIVES)
        if request.schema is not None:
            output_format = {"type": "json_schema", "name": "answer", "schema": request.schema, "strict": True}
            body["text"] = {"format": output_format}
        return {name: value for name, value in body.items() if value is not None}

    def _raise_if_failed(self, response: Mapping[str, Any]) -> None:
        """Raise ProviderError or TransientError if the response failed at the server."""
        if response.get("status") not in ("failed", "cancelled"):
            return
        error = error_of(response) or {}
        reason = clean(str(error.get("message") or "no reason given"), self._server.key)
        status = error_status(error)
        if status is not None:
            raise error_from_status(self._server, status, {}, reason.encode())
        raise ProviderError(f"{self._server.subject}: the response failed: {reason}")


def _limit_warnings(request: Request) -> tuple[str, ...]:
    limit = request.params.max_tokens
    if limit is None or limit >= MIN_TOKENS:
        return ()
    return (f"max_tokens {limit} was sent as {MIN_TOKENS}, the least that the responses API accepts",)


def _reasoning(response: Mapping[str, Any]) -> str | None:
    """Return the text of all reasoning items, or their summaries; None if there are none."""
    items = [item for item in response["output"] if item["type"] == "reasoning"]
    parts = [part for item in items for part in item.get("content") or item.get("summary") or ()]
    return "\n\n".join(str(part["text"]) for part in parts if part.get("text")) or None


def _message_parts(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the content parts of all messages, without reasoning and tool calls."""
    messages = [item for item in response["output"] if item["type"] == "message"]
    return [part for message in messages for part in message.get("content") or ()]
