"""OpenAI's responses, at OpenAI or at a server that has them too; nothing is stored there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import ProviderError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from . import openai_server
from .http.errors import clean, error_from_status, reading
from .http.parsing import chat, count, finish_reason, probabilities
from .http.server import checked_model
from .http.streaming import ResponsePieces, accumulate
from .openai_batch import OpenAIBatches

MOST_ALTERNATIVES = 20  # that the API gives
_STATUS = {"rate_limit_exceeded": 429, "server_error": 500, "vector_store_timeout": 500}  # of a response that failed


class OpenAIResponsesProvider:
    """One model by responses; one attempt a call. The API has neither seed nor stop texts."""

    default_model = openai_server.DEFAULT_MODEL
    stream = False  # whether answers are streamed, so that the time to the first token is known

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = openai_server.find("openai_responses", model, base_url, send_key=send_key)
        self._client = openai_server.client(self._server)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            price_list=self._server.price_list,
            concurrency=openai_server.CONCURRENCY,
            supports_json_schema=True,
            batch_api=OpenAIBatches(self._server, self._client, "/v1/responses", self._body, self._read),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a name that no model has."""
        checked_model(model, "openai_responses")

    async def complete(self, request: Request) -> Completion:
        """One completion by one attempt. Raises ProviderError; TransientError where asking again may help."""
        began = time.perf_counter()
        body = self._body(request)
        if not self.stream:
            found = await self._client.post("/responses", body)
            return self._read(found, request, time.perf_counter() - began)
        events = self._client.events("/responses", body | {"stream": True})
        found, first_s = await accumulate(self._server, events, ResponsePieces())
        whole = self._read(found, request, time.perf_counter() - began)
        return replace(whole, time_to_first_token_s=first_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _read(self, found: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        """What an answer tells, by itself or in a batch. Raises ProviderError where it is none."""
        self._refuse_failed(found)
        with reading(self._server, "output", found):
            parts = _parts(found)
            refused = next((str(part["refusal"]) for part in parts if part.get("refusal")), None)
            text = "".join(part.get("text", "") for part in parts) if refused is None else refused
            told = [token for part in parts for token in part.get("logprobs") or ()]
            logprobs, top = probabilities(told, request.top_logprobs)
            reason = (found.get("incomplete_details") or {}).get("reason") or found.get("status")
        return Completion(
            text=text,
            finish_reason=finish_reason(reason) if refused is None else "refusal",
            usage=_usage(found.get("usage")),
            latency_s=latency_s,
            model=found.get("model") or self.model,
            logprobs=logprobs,
            top_logprobs=top,
            cost_usd=self._server.cost_usd,
        )

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        if params.stop:
            raise ProviderError("OpenAI's responses have no stop texts: leave `stop` out, or use --provider openai")
        body: dict[str, Any] = {
            "model": self.model,
            "input": chat(request),
            "store": False,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_output_tokens": params.max_tokens,
        }
        if request.top_logprobs:
            body["include"] = ["message.output_text.logprobs"]
            body["top_logprobs"] = min(request.top_logprobs, MOST_ALTERNATIVES)
        if request.schema is not None:
            form = {"type": "json_schema", "name": "answer", "schema": request.schema, "strict": True}
            body["text"] = {"format": form}
        return {name: value for name, value in body.items() if value is not None}

    def _refuse_failed(self, found: Mapping[str, Any]) -> None:
        """Raise what a response that failed at the server means."""
        error = found.get("error")
        if found.get("status") in ("failed", "cancelled"):
            code = error.get("code") if isinstance(error, dict) else None
            words = clean(
                str(error.get("message")) if isinstance(error, dict) else "no reason given", self._server.key
            )
            if code in _STATUS:
                raise error_from_status(self._server, _STATUS[str(code)], {}, words.encode())
            raise ProviderError(f"{self._server.subject}: the response failed: {words}")


def _parts(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parts of all messages; reasoning and tools are left out."""
    messages = [item for item in found["output"] if item["type"] == "message"]
    return [part for message in messages for part in message.get("content") or ()]


def _usage(found: Mapping[str, Any] | None) -> Usage:
    """Cached tokens are a part of the input, reasoning a part of the output, as the API counts them."""
    return Usage(
        input_tokens=count(found, "input_tokens"),
        output_tokens=count(found, "output_tokens"),
        cached_input_tokens=count(found, "input_tokens_details", "cached_tokens"),
        cache_write_tokens=count(found, "input_tokens_details", "cache_write_tokens"),
        reasoning_tokens=count(found, "output_tokens_details", "reasoning_tokens"),
        calls=1,
    )
