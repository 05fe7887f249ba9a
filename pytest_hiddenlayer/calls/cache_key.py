"""The key of a call: everything that can change its answer. Caches, cassettes and the batch ledger use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..identifiers import digest
from ..types import GenerationConfig, Request


def cache_key_fields(provider: str, model: str, endpoint: str, request: Request) -> dict[str, Any]:
    """Provider, model, server and request as plain JSON values, without the `outputs` of the task."""
    # Keys of calls that do not ask for these stay as they were.
    asked: dict[str, Any] = {name: True for name in ("token_logprobs", "token_entropies") if getattr(request, name)}
    if request.recorded is not None:
        asked["recorded"] = asdict(request.recorded)
    return {
        "provider": provider,
        "model": model,
        "endpoint": endpoint,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "params": _params(request.params),
        "seed": request.seed,
        "role": request.role,
        "round": request.round,
        "sample": request.sample_id,
        "epoch": request.epoch,
        "schema": None if request.schema is None else dict(request.schema),
        "top_logprobs": request.top_logprobs,
        **asked,
    }


def call_key(key_fields: Mapping[str, Any]) -> str:
    """Hash of the key fields, as 32 hex digits."""
    return digest(key_fields, 32)


def _params(params: GenerationConfig) -> dict[str, Any]:
    """The parameters that are set; the temperatures 0 and 0.0 are equal."""
    values = {
        "temperature": None if params.temperature is None else float(params.temperature),
        "top_p": None if params.top_p is None else float(params.top_p),
        "max_tokens": params.max_tokens,
        "stop": None if params.stop is None else list(params.stop),
        "reasoning_effort": params.reasoning_effort,
    }
    return {name: value for name, value in values.items() if value is not None}
