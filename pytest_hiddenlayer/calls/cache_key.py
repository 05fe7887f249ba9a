"""What a call is: everything that can change its answer, as plain JSON. Caches and cassettes find calls by it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ..identifiers import digest
from ..types import Completion, GenerationConfig, Request, Usage

DECIMALS = 6
"""Of kept log-probabilities: models compute them with no more, and reading 17 digits takes twice as long."""
_NOT_KEPT = {"cost_usd", "cached", "attempts", "batched"}


def cache_key_fields(provider: str, model: str, endpoint: str, request: Request) -> dict[str, Any]:
    """Provider, model, server and all of the request but what only the `recorded` provider reads."""
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
    }


def call_key(identity: Mapping[str, Any]) -> str:
    """32 hex digits that differ wherever the identity does."""
    return digest(identity, 32)


def completion_json(completion: Completion) -> dict[str, Any]:
    """A completion as plain JSON values that `completion_of` reads back; what a cache or cassette keeps.

    Log-probabilities are rounded; minus infinity, which JSON has not, becomes null. The cost is
    not kept: it is of the call that was made.
    """
    values = {f.name: getattr(completion, f.name) for f in fields(completion) if f.name not in _NOT_KEPT}
    values["usage"] = asdict(completion.usage)
    values["warnings"] = list(completion.warnings)
    for name in ("logprobs", "top_logprobs", "time_to_first_token_s"):
        if values[name] is None:
            del values[name]
    if "logprobs" in values:
        values["logprobs"] = [_rounded(value) for value in values["logprobs"]]
    if "top_logprobs" in values:
        values["top_logprobs"] = [{t: _rounded(v) for t, v in one.items()} for one in values["top_logprobs"]]
    return values


def completion_of(values: Mapping[str, Any]) -> Completion:
    """The completion, marked as cached, at no cost. Raises TypeError or KeyError for values that are none."""
    rest = dict(values)
    logprobs, top = rest.pop("logprobs", None), rest.pop("top_logprobs", None)
    warnings = rest.pop("remarks", rest.pop("warnings", ()))  # `remarks` in files of version 0.1
    return Completion(
        **{
            **rest,
            "usage": Usage(**rest["usage"]),
            "warnings": tuple(warnings),
            "logprobs": None if logprobs is None else tuple(map(_number, logprobs)),
            "top_logprobs": None if top is None else tuple({t: _number(v) for t, v in one.items()} for one in top),
            "cost_usd": 0.0,
            "cached": True,
        }
    )


def _params(params: GenerationConfig) -> dict[str, Any]:
    """What is set; 0 and 0.0 are the same temperature."""
    values = {
        "temperature": None if params.temperature is None else float(params.temperature),
        "top_p": None if params.top_p is None else float(params.top_p),
        "max_tokens": params.max_tokens,
        "stop": None if params.stop is None else list(params.stop),
    }
    return {name: value for name, value in values.items() if value is not None}


def _rounded(value: float) -> float | None:
    return round(value, DECIMALS) if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return -math.inf if value is None else float(value)
