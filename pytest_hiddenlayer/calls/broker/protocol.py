"""Calls, completions and errors as lines of JSON, for processes that share one model."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ... import errors
from ...errors import HiddenLayerError, ProviderError
from ...types import Completion, GenerationConfig, Message, Request, Usage


def line(message: dict[str, Any]) -> bytes:
    """One message; a lone surrogate travels as an escape."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def request_json(request: Request) -> dict[str, Any]:
    """All of a request."""
    values = asdict(request)
    values["messages"] = [[m.role, m.content] for m in request.messages]
    return values


def request_of(values: dict[str, Any]) -> Request:
    """The request."""
    params, outputs = dict(values["params"]), values["outputs"]
    params["stop"] = None if params["stop"] is None else tuple(params["stop"])
    return Request(
        **{
            **values,
            "messages": tuple(Message(role=role, content=content) for role, content in values["messages"]),
            "params": GenerationConfig(**params),
            "outputs": None if outputs is None else tuple(outputs),
        }
    )


def completion_of(values: dict[str, Any]) -> Completion:
    """The completion that `asdict` made these values of."""
    return Completion(
        **{
            **values,
            "usage": Usage(**values["usage"]),
            "logprobs": _tuple(values["logprobs"]),
            "top_logprobs": _tuple(values["top_logprobs"]),
            "warnings": tuple(values["warnings"]),
        }
    )


def error_json(error: BaseException) -> dict[str, str]:
    """An error's kind and message; one that is not of this package becomes a ProviderError."""
    if isinstance(error, HiddenLayerError):
        return {"kind": type(error).__name__, "message": str(error)}
    return {"kind": "ProviderError", "message": f"{type(error).__name__}: {error}"}


def error_of(values: dict[str, str]) -> HiddenLayerError:
    """The error; a kind that cannot be made of its message alone becomes its nearest base."""
    kind = getattr(errors, values["kind"], ProviderError)
    for base in kind.__mro__:
        try:
            made = base(values["message"])
        except TypeError:
            continue
        if isinstance(made, HiddenLayerError):
            return made
    return ProviderError(values["message"])


def _tuple(values: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
