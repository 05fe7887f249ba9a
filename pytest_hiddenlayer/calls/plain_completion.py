"""The values of a completion without the types of a user: a text is a plain text, a tuple a plain tuple.

A provider of a user may return subclasses whose methods do anything, and containers that never end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import NoneType
from typing import Any

from ..extensions.values import plain_number, text_of
from ..types import Completion

MAX_DURATION_S = 1e9
"""The longest duration of a call that is known; a sum of longer ones may be no number."""
MAX_ATTEMPTS = 1_000_000
"""A completion with this many attempts or more counts as one attempt."""
_FLAGS = ("cached", "batched")
_TEXTS = ("warnings", "not_sent")
_SEQUENCES = ("logprobs", "token_texts", "entropies", "top_logprobs")
_NAMES = tuple(field.name for field in fields(Completion))


def plain_completion(completion: Any) -> Any:
    """Return a Completion with plain values; None, or the default, instead of others. Anything else is returned."""
    if not isinstance(completion, Completion) or not isinstance(completion.text, str):
        return completion
    if _is_plain(completion):
        return completion
    values = {name: _plain(getattr(completion, name)) for name in _NAMES}
    values["usage"] = completion.usage
    for name in ("latency_s", "time_to_first_token_s"):
        values[name] = values[name] if _is_duration(values[name]) else None
    for name in _FLAGS:
        values[name] = values[name] is True
    for name in _TEXTS:
        texts = values[name] or ()
        values[name] = tuple(text for text in texts if isinstance(text, str)) if isinstance(texts, tuple) else ()
    attempts = values["attempts"]
    values["attempts"] = attempts if type(attempts) is int and 0 < attempts < MAX_ATTEMPTS else 1
    for name in _SEQUENCES:
        if not isinstance(values[name], tuple):
            values[name] = None
    if any(plain_number(value) is None for value in values["entropies"] or ()):
        values["entropies"] = None
    if any(not _is_distribution(token) for token in values["top_logprobs"] or ()):
        values["top_logprobs"] = None
    return replace(completion, **values)


def _is_plain(completion: Completion) -> bool:
    """Whether every value is a plain one already, as those of the built-in providers without log-probabilities."""
    return (
        type(completion.text) is type(completion.finish_reason) is type(completion.model) is str
        and type(completion.latency_s) is float
        and completion.latency_s < MAX_DURATION_S
        and type(completion.attempts) is int
        and 0 < completion.attempts < MAX_ATTEMPTS
        and type(completion.cached) is type(completion.batched) is bool
        and not any(getattr(completion, name) is not None for name in _SEQUENCES)
        and type(completion.warnings) is type(completion.not_sent) is tuple
        and len(completion.warnings) == len(completion.not_sent) == 0
        and type(completion.price_unknown) is str
        and type(completion.reasoning) in (str, NoneType)
        and type(completion.cost_usd) in (float, int, NoneType)
        and type(completion.time_to_first_token_s) in (float, NoneType)
    )


def _plain(value: Any) -> Any:
    """Return a text, number, tuple or dict as a plain one; other values of subclasses and other types as None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_of(value)
    if (number := plain_number(value)) is not None:
        return number
    if isinstance(value, (list, tuple)):
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        return tuple(item if type(item) in (str, int, float, NoneType) else _of_token(item) for item in items)
    return None


def _is_duration(value: Any) -> bool:
    return isinstance(value, (int, float)) and value < MAX_DURATION_S


def _of_token(item: Any) -> Any:
    """Return what a list of a completion holds: a text, a number or the alternatives of a token."""
    if isinstance(item, dict):
        pairs = zip(dict.keys(item), dict.values(item), strict=True)
        return {text_of(key): plain_number(value) for key, value in pairs if isinstance(key, str)}
    return None if isinstance(item, (list, tuple)) else _plain(item)


def _is_distribution(token: Any) -> bool:
    return isinstance(token, Mapping) and None not in token.values()
