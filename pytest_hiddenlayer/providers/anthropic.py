"""Anthropic's messages, at Anthropic or at a server that is compatible with them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import ProviderError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from .anthropic_batch import AnthropicBatches, version_headers
from .http.client import Client
from .http.errors import reading
from .http.parsing import count, finish_reason
from .http.server import Server, checked_model, probe, require_key, require_sdk, validate_url, withheld_key
from .http.streaming import MessagePieces, accumulate

VENDOR = "https://api.anthropic.com"
MAX_TOKENS = 1024  # new tokens, where nobody says otherwise: the API wants a number
SAMPLING_VERSION = "2023-06-01"  # the last version of the API that knows temperature and top_p


class AnthropicProvider:
    """One model by messages; one attempt a call. Seeds and probabilities are not offered by the API."""

    default_model = "claude-haiku-4-5"
    stream = False  # whether answers are streamed, so that the time to the first token is known

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = _find(model or self.default_model, base_url, send_key)
        self._client = Client(self._server, self._sdk, _hint)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            price_list=self._server.price_list,
            concurrency=(20, 1000),
            supports_json_schema=True,
            batch_api=AnthropicBatches(self._server, self._client, _version, self._body, self._read),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a name that no model has."""
        checked_model(model, "anthropic")

    async def complete(self, request: Request) -> Completion:
        """One completion by one attempt. Raises ProviderError; TransientError where asking again may help."""
        began = time.perf_counter()
        body = self._body(request)
        if not self.stream:
            found = await self._client.post("/v1/messages", body, version_headers(_version(request)))
            return self._read(found, request, time.perf_counter() - began)
        events = self._client.events("/v1/messages", body | {"stream": True}, version_headers(_version(request)))
        found, first_s = await accumulate(self._server, events, MessagePieces())
        whole = self._read(found, request, time.perf_counter() - began)
        return replace(whole, time_to_first_token_s=first_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _read(self, found: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        """What an answer tells, by itself or in a batch. Raises TransientError where it is none."""
        with reading(self._server, "content", found):
            text = "".join(block["text"] for block in found["content"] if block["type"] == "text")
            reason = finish_reason(found["stop_reason"])
        return Completion(
            text=text,
            finish_reason=reason,
            usage=_usage(found.get("usage")),
            latency_s=latency_s,
            model=found.get("model") or self.model,
            cost_usd=self._server.cost_usd,
        )

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        system, messages = _split(request)
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": params.max_tokens or MAX_TOKENS,
            "messages": messages,
            "system": system,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "stop_sequences": list(params.stop) if params.stop else None,
        }
        if request.schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
        return {name: value for name, value in body.items() if value is not None}

    def _sdk(self, http_client: Any) -> Any:
        from anthropic import AsyncAnthropic

        key = self._server.key or "none"
        return AsyncAnthropic(api_key=key, base_url=self._server.url, max_retries=0, http_client=http_client)


def _find(model: str, base_url: str | None, send_key: bool) -> Server:
    """The server, as `ANTHROPIC_BASE_URL` names it where nobody else does; the key is needed at Anthropic only."""
    require_sdk("anthropic", "anthropic", "httpx2", "aiohttp")
    checked_model(model, "anthropic")
    url = validate_url(base_url or os.environ.get("ANTHROPIC_BASE_URL") or VENDOR).removesuffix("/v1")
    if url == VENDOR:
        key = require_key("ANTHROPIC_API_KEY", "anthropic")
        return Server(provider="anthropic", model=model, url=url, key=key, price_list="anthropic")
    probe(url, "anthropic")
    own_url = os.environ.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/").removesuffix("/v1")
    withheld = withheld_key("ANTHROPIC_API_KEY", url, own_url, send_key=send_key)
    own_key = None if withheld else os.environ.get("ANTHROPIC_API_KEY", "").strip() or None
    return Server(provider="anthropic", model=model, url=url, key=own_key, withheld=withheld)


def _version(request: Request) -> str:
    """The version of the API that a request needs; empty: the client's own."""
    params = request.params
    return "" if params.temperature is None and params.top_p is None else SAMPLING_VERSION


def _split(request: Request) -> tuple[str | None, list[dict[str, str]]]:
    """(system text, the other messages), which the API takes apart. Raises ProviderError for an order it refuses."""
    messages = list(request.messages)
    system: list[str] = []
    while messages and messages[0].role == "system":
        system.append(messages.pop(0).content)
    for number, message in enumerate(messages, start=len(system) + 1):
        if message.role not in ("user", "assistant"):
            raise ProviderError(
                f"message {number} is a {message.role!r} message: 'anthropic' takes system messages first, "
                "then messages of user and assistant only"
            )
    if not messages or messages[0].role != "user":
        found = repr(messages[0].role) if messages else "none"
        raise ProviderError(f"'anthropic' needs a user message first after the system message; found {found}")
    return "\n\n".join(system) or None, [{"role": m.role, "content": m.content} for m in messages]


def _usage(found: Mapping[str, Any] | None) -> Usage:
    """Cached tokens, read and written, come on top of the API's input tokens; here they are a part of them."""
    read, written = count(found, "cache_read_input_tokens"), count(found, "cache_creation_input_tokens")
    fresh = count(found, "input_tokens")
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=count(found, "output_tokens"),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count(found, "output_tokens_details", "thinking_tokens"),
        calls=1,
    )


def _hint(status: int, body: str) -> str:
    if status in (401, 403):
        return "check ANTHROPIC_API_KEY"
    if status == 404:
        return "check the model's name and the base URL"
    if status == 400 and any(word in body for word in ("temperature", "top_p")):
        return "the newest models take no temperature or top_p; leave them out"
    if status == 400 and "output_config" in body:
        return "this server takes no JSON schema; leave structured output out"
    return ""
