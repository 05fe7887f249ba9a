"""What servers tell, in this package's words: finish reasons, probabilities, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...types import Request

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


def finish_reason(word: object) -> str:
    """`stop`, `length`, `tool`, or the server's own word; `unknown` where it has none."""
    return _FINISH.get(word, word) if isinstance(word, str) and word else "unknown"


def count(found: Mapping[str, Any] | None, *path: str) -> int | None:
    """The whole number at a path of keys; None where it is not told."""
    value: Any = found
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def chat(request: Request) -> list[dict[str, str]]:
    """The messages as plain objects."""
    return [{"role": message.role, "content": message.content} for message in request.messages]


def probabilities(
    tokens: Sequence[Mapping[str, Any]] | None, wanted: int
) -> tuple[tuple[float, ...] | None, tuple[Mapping[str, float], ...] | None]:
    """(natural log of each token, its alternatives) from OpenAI's list of tokens, which Ollama has too.

    The token that was taken is among its alternatives. Of two with the same text the likelier counts.
    """
    if not tokens:
        return None, None
    logprobs = tuple(float(token["logprob"]) for token in tokens)
    if not wanted:
        return logprobs, None
    return logprobs, tuple(_alternatives(token) for token in tokens)


def _alternatives(token: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in (*(token.get("top_logprobs") or ()), token):
        text, value = str(one["token"]), float(one["logprob"])
        found[text] = max(value, found.get(text, value))
    return found
