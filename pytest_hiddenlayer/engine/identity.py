"""What a call is: everything that can change its answer, as plain JSON. Caches and cassettes find calls by it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from ..types import Completion, Request, Usage
from .naming import digest


def call_identity(provider: str, model: str, endpoint: str, request: Request) -> dict[str, Any]:
    """Provider, model, server and all of the request but what only the `recorded` provider reads."""
    return {
        "provider": provider,
        "model": model,
        "endpoint": endpoint,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "params": {key: value for key, value in asdict(request.params).items() if value is not None},
        "seed": request.seed,
        "role": request.role,
        "round": request.round,
        "sample": request.sample_id,
        "epoch": request.epoch,
        "schema": request.schema,
        "top_logprobs": request.top_logprobs,
    }


def call_key(identity: dict[str, Any]) -> str:
    """32 hex digits that differ wherever the identity does."""
    return digest(identity, 32)


def completion_json(completion: Completion) -> dict[str, Any]:
    """A completion as plain JSON values that `completion_of` reads back; what a cache or cassette keeps.

    Minus infinity, which JSON has not, becomes null. The cost is not kept: it is of the call that was made.
    """
    values = asdict(completion)
    for name in ("cost_usd", "cached", "attempts"):
        del values[name]
    for name in ("logprobs", "top_logprobs", "time_to_first_token_s"):
        if values[name] is None:
            del values[name]
    if "logprobs" in values:
        values["logprobs"] = [_finite(value) for value in values["logprobs"]]
    if "top_logprobs" in values:
        values["top_logprobs"] = [{t: _finite(v) for t, v in one.items()} for one in values["top_logprobs"]]
    return values


def completion_of(values: dict[str, Any]) -> Completion:
    """The completion, marked as cached, at no cost. Raises TypeError or KeyError for values that are none."""
    rest = dict(values)
    logprobs, top = rest.pop("logprobs", None), rest.pop("top_logprobs", None)
    return Completion(
        **{
            **rest,
            "usage": Usage(**rest["usage"]),
            "remarks": tuple(rest.get("remarks", ())),
            "logprobs": None if logprobs is None else tuple(map(_number, logprobs)),
            "top_logprobs": None if top is None else tuple({t: _number(v) for t, v in one.items()} for one in top),
            "cost_usd": 0.0,
            "cached": True,
        }
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
