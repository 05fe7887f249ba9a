"""The values that a provider reports about a call, checked before anything is counted, priced or stored.

A server or a provider of the user may report anything. A count that cannot be right is unknown, so
that one answer neither changes a budget nor makes a record that cannot be written.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..errors import ProviderError
from ..extensions.secret_masking import held_keys, mask_keys, random_secrets
from ..types import Completion, Usage

MAX_TOKENS = 10_000_000
"""The most tokens of input, or of output, that one call may report; more than any model's context."""
MAX_COST_USD = 100_000.0
"""The most that one call may report as its cost, in US dollars."""
MAX_NAME = 300
"""Characters of a reported model or finish reason that are kept."""
_KEY_WARNING = "the response had an API key of this environment: it reads [key], and its tokens are left out"
_TEXTS = ("text", "reasoning", "model", "finish_reason", "price_unknown")
MAX_LOGPROB = 0.01
"""Log-probabilities are at most 0, and rounding adds a little."""


def checked_completion(completion: Any, model: str) -> Completion:
    """Return the completion with unknown values (None) in place of impossible ones; `model` is the requested one.

    Counts are whole numbers from 0 to `MAX_TOKENS`; tokens read from or written to a cache are a part of the
    input, reasoning tokens a part of the output. Raises ProviderError if it is not a Completion with a text.
    """
    if not isinstance(completion, Completion) or not isinstance(completion.text, str):
        returned = type(completion).__name__
        if isinstance(completion, Completion):
            returned = f"a text of type {type(completion.text).__name__}"
        raise ProviderError(
            f"the provider of {model} returned {returned}: its method `complete` must return a Completion with a text"
        )
    logprobs = _logprobs(completion.logprobs)
    values: dict[str, Any] = {
        "usage": checked_usage(completion.usage),
        "cost_usd": _amount(completion.cost_usd, MAX_COST_USD),
        "latency_s": _amount(completion.latency_s, math.inf) or 0.0,
        "time_to_first_token_s": _amount(completion.time_to_first_token_s, math.inf),
        "finish_reason": _name(completion.finish_reason, "unknown"),
        "model": _name(completion.model, model),
        "reasoning": completion.reasoning if isinstance(completion.reasoning, str) else None,
        "price_unknown": _name(completion.price_unknown, ""),
        "logprobs": logprobs,
        "top_logprobs": None if logprobs is None else _alternatives(completion.top_logprobs),
        "token_texts": _texts(completion.token_texts, completion.logprobs),
    }
    return _without_keys(replace(completion, **values))


def _without_keys(completion: Completion) -> Completion:
    """The completion with `[key]` for keys of the environment, which a server may repeat in any of its texts."""
    keys = random_secrets()
    if not keys:
        return completion
    texts = [getattr(completion, name) or "" for name in _TEXTS]
    texts.append("".join(completion.token_texts or ()))
    texts.append("\0".join(text for token in completion.top_logprobs or () for text in token))
    held = held_keys("\0".join(texts), keys)
    if not held:
        return completion
    masked: dict[str, Any] = {name: mask_keys(getattr(completion, name) or "", held, "[key]") for name in _TEXTS}
    masked["reasoning"] = masked["reasoning"] or None
    warnings = (*completion.warnings, _KEY_WARNING)
    return replace(completion, **masked, token_texts=None, top_logprobs=None, warnings=warnings)


def checked_usage(usage: Any) -> Usage:
    """Return the usage of one call without impossible counts."""
    input_tokens = _count(getattr(usage, "input_tokens", None))
    output_tokens = _count(getattr(usage, "output_tokens", None))
    read = _part(getattr(usage, "cached_input_tokens", None), input_tokens)
    written = _part(
        getattr(usage, "cache_write_tokens", None), None if input_tokens is None else input_tokens - (read or 0)
    )
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=_part(getattr(usage, "reasoning_tokens", None), output_tokens),
        calls=1,
    )


def _count(value: object) -> int | None:
    """The number of tokens; None if it is not a whole number that a call can have."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    possible = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return value if possible else None  # type: ignore[return-value]


def _part(value: object, whole: int | None) -> int | None:
    """The number of tokens, at most `whole`; None if it is unknown."""
    count = _count(value)
    return count if count is None or whole is None else min(count, whole)


def _amount(value: object, maximum: float) -> float | None:
    """The number; None if it is unknown, negative, above `maximum` or not finite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 <= value <= maximum and value != math.inf else None


def _logprobs(values: Any) -> tuple[float, ...] | None:
    """The log-probabilities; None if one of them is not a number, or above 0."""
    if values is None or all(map(_is_logprob, values)):
        return values  # type: ignore[no-any-return]
    return None


def _alternatives(tokens: Any) -> Any:
    """The log-probabilities of alternatives; None if one of them is not a number, or above 0."""
    if tokens is None or all(_is_logprob(value) for token in tokens for value in token.values()):
        return tokens
    return None


def _is_logprob(value: object) -> bool:
    return isinstance(value, int | float) and value <= MAX_LOGPROB  # NaN is not


def _name(value: object, unknown: str) -> str:
    """The start of the text; `unknown` if it is not a text."""
    return value[:MAX_NAME] if isinstance(value, str) else unknown


def _texts(texts: Any, logprobs: Any) -> tuple[str, ...] | None:
    """The texts of the tokens; None if they are no texts, or not as many as the log-probabilities."""
    if _logprobs(logprobs) is None or not isinstance(texts, tuple) or len(texts) != len(logprobs):
        return None
    return texts if all(isinstance(text, str) for text in texts) else None
