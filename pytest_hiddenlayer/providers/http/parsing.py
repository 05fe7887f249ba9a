"""Fields of servers' responses as this package's types: finish reasons, log-probabilities, token counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...types import Request, Usage

_FINISH = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool",
    "function_call": "tool",
    "tool_use": "tool",
}


def finish_reason(reason: object) -> str:
    """Return `stop`, `length`, `tool`, or the server's own word; `unknown` if it sends none."""
    return _FINISH.get(reason, reason) if isinstance(reason, str) and reason else "unknown"


def count(body: Mapping[str, Any] | None, *path: str) -> int | None:
    """Return the integer at a path of keys; None if it is missing."""
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def openai_usage(usage: Mapping[str, Any] | None, input_key: str, output_key: str) -> Usage:
    """Return the usage of one call from OpenAI's `usage` object, whose keys differ between its two APIs.

    Cached tokens are part of the input tokens, reasoning tokens part of the output tokens.
    """
    return Usage(
        input_tokens=count(usage, input_key),
        output_tokens=count(usage, output_key),
        cached_input_tokens=count(usage, f"{input_key}_details", "cached_tokens"),
        cache_write_tokens=count(usage, f"{input_key}_details", "cache_write_tokens"),
        reasoning_tokens=count(usage, f"{output_key}_details", "reasoning_tokens"),
        calls=1,
    )


def chat_messages(request: Request) -> list[dict[str, str]]:
    """Return the messages of a request as JSON objects."""
    return [{"role": message.role, "content": message.content} for message in request.messages]


def parse_logprobs(
    tokens: Sequence[Mapping[str, Any]] | None, n_alternatives: int
) -> tuple[tuple[float, ...] | None, tuple[Mapping[str, float], ...] | None]:
    """Return (natural log per token, alternatives per token) from OpenAI's list of tokens, which Ollama uses too.

    The sampled token is among its alternatives. Of two alternatives with the same text the more likely counts.
    """
    if not tokens:
        return None, None
    logprobs = tuple(float(token["logprob"]) for token in tokens)
    if not n_alternatives:
        return logprobs, None
    return logprobs, tuple(_alternatives(token) for token in tokens)


def _alternatives(token: Mapping[str, Any]) -> dict[str, float]:
    logprobs: dict[str, float] = {}
    for alternative in (*(token.get("top_logprobs") or ()), token):
        text, value = str(alternative["token"]), float(alternative["logprob"])
        logprobs[text] = max(value, logprobs.get(text, value))
    return logprobs
