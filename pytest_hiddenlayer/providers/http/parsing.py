"""Fields of servers' responses as this package's types: finish reasons, log-probabilities, token counts."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from typing import Any

from ...types import Request, Usage

_FINISH = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "completed", "complete", "finished"), "stop"),
    **dict.fromkeys(("eos", "eos_token", "end_of_text", "stop_token", "done"), "stop"),
    **dict.fromkeys(("tool_calls", "function_call", "tool_use", "tool_call"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length"), "length"),
    **dict.fromkeys(("model_length", "context_length", "context_length_exceeded", "token_limit"), "length"),
    "model_context_window_exceeded": "length",
    **dict.fromkeys(("refusal", "refused"), "refusal"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "recitation", "blocklist"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "spii", "language", "sensitive"), "content_filter"),
}
"""Finish reason of a server in lower case → the term of this package.

Sources: the SDKs' types (`openai.types.chat.chat_completion.Choice`, `anthropic.types.StopReason`), Mistral's
`model_length`, Google's `FinishReason`, TGI's `eos_token`, vLLM's and OpenRouter's documentation of `abort` and
`error`, which stay as they are and are never scored.
"""


def finish_reason(reason: object) -> str:
    """Return `stop`, `length`, `refusal`, `content_filter`, or the server's own word in lower case.

    `unknown` if it sends none.
    """
    if not isinstance(reason, str) or not reason.strip():
        return "unknown"
    word = reason.strip().lower().rpartition(".")[2].replace("-", "_").replace(" ", "_")
    return _FINISH.get(word, word)


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
        cached_input_tokens=_first(
            count(usage, f"{input_key}_details", "cached_tokens"),
            count(usage, "prompt_cache_hit_tokens"),  # DeepSeek
        ),
        cache_write_tokens=count(usage, f"{input_key}_details", "cache_write_tokens"),
        reasoning_tokens=count(usage, f"{output_key}_details", "reasoning_tokens"),
        calls=1,
    )


def chat_messages(request: Request) -> list[dict[str, str]]:
    """Return the messages of a request as JSON objects."""
    return [{"role": message.role, "content": message.content} for message in request.messages]


_STANDARD_TIERS = ("", "auto", "default", "standard", "batch", "on_demand")
_THOUGHTS = ("thinking", "reasoning", "reasoning_text", "redacted_thinking")


def other_tier(tier: object) -> str:
    """Return why the list's price is not that of a request: it was served at `flex`, `priority`, ...; else empty."""
    if not isinstance(tier, str) or tier.strip().lower() in _STANDARD_TIERS:
        return ""
    return f"served at the tier {tier!r}"


def text_of(content: Any) -> str:
    """Return the text of a message's content, which is a text or a list of parts; thinking is not part of it."""
    if isinstance(content, list):
        parts = (part if isinstance(part, Mapping) else {"text": part} for part in content)
        return "".join(str(part.get("text") or "") for part in parts if part.get("type") not in _THOUGHTS)
    return "" + (content or "")


def thoughts_of(content: Any) -> str | None:
    """Return the text of the parts of a message that are thinking; None if there are none."""
    if not isinstance(content, list):
        return None
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") in _THOUGHTS]
    return "".join(_thought(part) for part in parts) or None


def _thought(part: Mapping[str, Any]) -> str:
    inner = part.get("thinking") or part.get("text")
    return text_of([{"text": text_of([piece])} for piece in inner]) if isinstance(inner, list) else str(inner or "")


def logprob_tokens(logprobs: Any) -> Sequence[Mapping[str, Any]] | None:
    """Return OpenAI's list of tokens from the `logprobs` of a choice, which may have the form of completions.

    None if there are none, or only a number, as in Together's chunks.
    """
    if not isinstance(logprobs, Mapping):
        return None
    if logprobs.get("content") or not logprobs.get("token_logprobs"):
        return logprobs.get("content")
    tops = logprobs.get("top_logprobs") or [{}] * len(logprobs["tokens"])
    return [
        {
            "token": token,
            "logprob": value,
            "top_logprobs": [{"token": text, "logprob": other} for text, other in (top or {}).items()],
        }
        for token, value, top in zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=True)
    ]


_MAX_BLANK_TOKENS = 16  # at the edges of an answer, whose text has no white space there


def answer_tokens(tokens: Sequence[Mapping[str, Any]] | None, text: str) -> Sequence[Mapping[str, Any]] | None:
    """Return the tokens of the answer `text`, which follow those of its reasoning; None if they cannot be found.

    Ollama and vLLM list the tokens of both.
    """
    wanted, texts = text.strip(), list(map(_token_text, tokens or ()))
    for end in range(len(texts), max(len(texts) - 3, 0), -1):  # an end token may follow the text
        start, size = end, 0
        while start > 0 and size < len(wanted):  # at least so many tokens: joining them one by one is quadratic
            start -= 1
            size += len(texts[start])
        for first in range(start, max(start - _MAX_BLANK_TOKENS, -1), -1):
            joined = "".join(texts[first:end]).strip()
            if wanted and joined == wanted:
                return (tokens or ())[first:end]
            if len(joined) >= len(wanted):
                break
    return None


def cut_at_stop(
    text: str, tokens: Sequence[Mapping[str, Any]] | None, stop: Sequence[str] | None
) -> tuple[str, Sequence[Mapping[str, Any]] | None]:
    """Return (the text before the first stop text, the tokens that begin before it)."""
    ends = [index for index in (text.find(mark) for mark in stop or () if mark) if index >= 0]
    if not ends:
        return text, tokens
    kept, size = [], 0
    for token in tokens or ():
        if size >= min(ends):
            break
        kept.append(token)
        size += len(_token_text(token))
    return text[: min(ends)], kept if tokens else tokens


def _token_text(token: Mapping[str, Any]) -> str:
    return str(token["token"]).replace("\u0120", " ").replace("\u010a", "\n")  # raw tokens of mlx_lm.server


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def parse_logprobs(
    tokens: Sequence[Mapping[str, Any]] | None, n_alternatives: int
) -> tuple[tuple[float, ...] | None, tuple[Mapping[str, float], ...] | None]:
    """Return (natural log per token, alternatives per token) from OpenAI's list of tokens, which Ollama uses too.

    The sampled token is among its alternatives. Of two alternatives with the same text the more likely counts.
    """
    if not tokens or any(token.get("logprob") is None for token in tokens):
        return None, None
    logprobs = tuple(float(token["logprob"]) for token in tokens)
    if not n_alternatives:
        return logprobs, None
    return logprobs, tuple(_alternatives(token) for token in tokens)


def token_texts(tokens: Sequence[Mapping[str, Any]] | None) -> tuple[str, ...] | None:
    """Return the text of each token of OpenAI's list, so that they join to the text as it was generated.

    A token may end inside a character: with `bytes`, the character belongs to the token that completes it.
    """
    if not tokens:
        return None
    if not all(isinstance(token.get("bytes"), list) for token in tokens):
        return tuple(map(_token_text, tokens))
    decoder = getincrementaldecoder("utf-8")("replace")
    try:
        return tuple(decoder.decode(bytes(token["bytes"])) for token in tokens)
    except (ValueError, TypeError):  # no bytes after all
        return tuple(map(_token_text, tokens))


def _alternatives(token: Mapping[str, Any]) -> dict[str, float]:
    logprobs: dict[str, float] = {}
    for alternative in (*(token.get("top_logprobs") or ()), token):
        text, value = str(alternative["token"]), float(alternative["logprob"])
        logprobs[text] = max(value, logprobs.get(text, value))
    return logprobs
