"""Anthropic's messages API, at Anthropic or at any compatible server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..errors import ProviderError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from .anthropic_batch import AnthropicBatches, version_headers
from .http.base_provider import BaseHTTPProvider
from .http.client import Client
from .http.errors import require_format
from .http.fingerprint import model_fingerprint
from .http.hints import COMMON, LIMIT, rejection_hint
from .http.optional_parameters import MESSAGES
from .http.parsing import count, finish_reason, other_tier, thoughts_of
from .http.refusals import Refusals
from .http.server import Server, probe, require_key, require_sdk, validate_model, validate_url, withheld_key
from .http.streaming import MessagesAccumulator

MODULES = ("anthropic", "httpx2", "aiohttp")
VENDOR = "https://api.anthropic.com"
MAX_TOKENS = 4096  # default of new tokens, thinking included: the API requires a limit
SAMPLING_VERSION = "2023-06-01"  # the last version of the API with temperature and top_p
_ANY_REGION = ("", "global", "not_available")  # `inference_geo` at the standard price
_RANGE = r"(?=.*range|.*less than|.*at most|.*maximum|.*between|.*<=)"
_HINTS = (
    (rf"(?s)\A{_RANGE}.*temperature", "Anthropic accepts temperatures from 0 to 1; lower it"),
    (rf"(?s){LIMIT}", "lower max_tokens in the task's `generate`, or --hl-max-tokens, to the maximum of the model"),
    *COMMON,
)


class AnthropicProvider(BaseHTTPProvider):
    """One model through the messages API; one attempt per call. The API has neither seeds nor log-probabilities."""

    default_model = "claude-haiku-4-5"
    modules = MODULES
    _path = "/v1/messages"
    _accumulator = MessagesAccumulator

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        self._server = _find_server(model or self.default_model, base_url, send_key)
        self._client = Client(self._server, self._sdk, _hint)
        self._refusals = Refusals(MESSAGES)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            fingerprint=self._server.fingerprint,
            price_list=self._server.price_list,
            max_tokens=MAX_TOKENS,
            concurrency=(20, 1000),
            supports_json_schema=True,
            batch_api=AnthropicBatches(self._server, self._client, _version, self),
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for an invalid model name."""
        validate_model(model, "anthropic")

    def _read(self, response: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        with require_format(self._server, "content", response):
            text = "".join(block["text"] for block in response["content"] if block["type"] == "text")
            reason = finish_reason(response["stop_reason"])
            usage = response.get("usage")
            return self._completion(
                response,
                request,
                latency_s,
                text=text,
                reason=reason,
                usage=_usage(usage),
                reasoning=thoughts_of(response["content"]),
                price_unknown=_price_unknown(usage or {}),
            )

    def _headers(self, body: Mapping[str, Any]) -> dict[str, str] | None:
        return version_headers(_version(body))

    def _body(self, request: Request) -> dict[str, Any]:
        params = request.params
        system, messages = _split_system(request)
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": params.max_tokens or MAX_TOKENS,
            "messages": messages,
            "system": system,
            "temperature": params.temperature,
            "top_p": params.top_p,
            # The API rejects stop texts of white space (litellm#3286); the response is cut at them after it has come.
            "stop_sequences": [text for text in params.stop or () if text.strip()] or None,
        }
        if params.reasoning_effort is not None:
            body |= _thinking(params.reasoning_effort)
        if request.schema is not None:
            output_format = {"type": "json_schema", "schema": request.schema}
            body["output_config"] = {**body.get("output_config", {}), "format": output_format}
        return {name: value for name, value in body.items() if value is not None}

    def _sdk(self, http_client: Any) -> Any:
        from anthropic import AsyncAnthropic

        key = self._server.key or "none"
        return AsyncAnthropic(api_key=key, base_url=self._server.url, max_retries=0, http_client=http_client)


def _find_server(model: str, base_url: str | None, send_key: bool) -> Server:
    """Return the server. Without `base_url`, `ANTHROPIC_BASE_URL` applies; only Anthropic requires a key."""
    require_sdk(MODULES[0], "anthropic", *MODULES[1:])
    validate_model(model, "anthropic")
    url = validate_url(base_url or os.environ.get("ANTHROPIC_BASE_URL") or VENDOR).removesuffix("/v1")
    if url == VENDOR:
        vendor_key = require_key("ANTHROPIC_API_KEY", "anthropic")
        return Server(provider="anthropic", model=model, url=url, key=vendor_key, price_list="anthropic")
    probe(url, "anthropic")
    env_url = os.environ.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/").removesuffix("/v1")
    withheld = withheld_key("ANTHROPIC_API_KEY", url, env_url, send_key=send_key)
    key = None if withheld else os.environ.get("ANTHROPIC_API_KEY", "").strip() or None
    fingerprint = model_fingerprint(f"{url}/v1", model, {} if key is None else {"x-api-key": key})
    return Server(provider="anthropic", model=model, url=url, key=key, withheld=withheld, fingerprint=fingerprint)


def _version(body: Mapping[str, Any]) -> str:
    """Return the version of the API that a body needs; empty for the default of the SDK."""
    return SAMPLING_VERSION if "temperature" in body or "top_p" in body else ""


def _thinking(effort: str) -> dict[str, Any]:
    """Return the fields for a reasoning effort; the API's least is `low`, and `none` turns thinking off."""
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    effort = "low" if effort == "minimal" else effort
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def _split_system(request: Request) -> tuple[str | None, list[dict[str, str]]]:
    """Return (system text, other messages). Raises ProviderError for an order that the API rejects."""
    messages = list(request.messages)
    system: list[str] = []
    while messages and messages[0].role == "system":
        system.append(messages.pop(0).content)
    for number, message in enumerate(messages, start=len(system) + 1):
        if message.role not in ("user", "assistant"):
            raise ProviderError(
                f"message {number} has role {message.role!r}: provider 'anthropic' accepts system messages first, "
                "then only user and assistant messages"
            )
    if not messages or messages[0].role != "user":
        role = repr(messages[0].role) if messages else "none"
        raise ProviderError(f"provider 'anthropic' needs a user message after the system messages; found {role}")
    return "\n\n".join(system) or None, [{"role": m.role, "content": m.content} for m in messages]


def _usage(usage: Mapping[str, Any] | None) -> Usage:
    """Add cached tokens, read and written, to the input tokens, which the API reports without them."""
    read, written = count(usage, "cache_read_input_tokens"), _written(usage)
    uncached = count(usage, "input_tokens")
    return Usage(
        input_tokens=None if uncached is None else uncached + (read or 0) + (written or 0),
        output_tokens=count(usage, "output_tokens"),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count(usage, "output_tokens_details", "thinking_tokens"),
        calls=1,
    )


def _written(usage: Mapping[str, Any] | None) -> int | None:
    """Return the tokens written to a cache: their sum, or the counts by lifetime."""
    written = count(usage, "cache_creation_input_tokens")
    by_lifetime = [count(usage, "cache_creation", f"ephemeral_{time}_input_tokens") for time in ("5m", "1h")]
    known = [number for number in by_lifetime if number is not None]
    return sum(known) if written is None and known else written


def _price_unknown(usage: Mapping[str, Any]) -> str:
    """Return why the list's price is not that of a call; empty if it is."""
    hour = count(usage, "cache_creation", "ephemeral_1h_input_tokens")
    geo = usage.get("inference_geo")
    reasons = (
        other_tier(usage.get("service_tier")),
        other_tier(usage.get("speed")),
        f"{hour} tokens were written to the one-hour cache" if hour else "",
        f"served in the region {geo!r}" if isinstance(geo, str) and geo not in _ANY_REGION else "",
    )
    return ", ".join(reason for reason in reasons if reason)


def _hint(status: int, body: str) -> str:
    if status in (401, 403):
        return "check ANTHROPIC_API_KEY"
    if status == 404:
        return "check the model's name and the base URL"
    return rejection_hint(status, body, _HINTS)
