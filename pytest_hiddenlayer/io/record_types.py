"""Checks the types of a record that was read from a file, so that a damaged or hostile one is refused as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..types import OUTCOMES, SCORED
from .metadata_types import check_metadata

Check = Callable[[Any], bool]
Types = frozenset[type]
_TEXT: Types = frozenset({str})
_TEXT_OR_NULL: Types = frozenset((str, type(None)))
_OBJECT: Types = frozenset({dict})
_BOOL: Types = frozenset({bool})
_MAX = 1e15  # of any count, time or amount; larger ones cannot be summed


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= _MAX


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= _MAX  # false for NaN and booleans


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: type(value) in (list, tuple) and all(map(check, value))


_is_list_of_objects = _list_of(_is_object)


def _is_share(value: Any) -> bool:
    return _is_amount(value) and 0 <= value <= 1


def _is_usage(value: Any) -> bool:
    if type(value) is not dict:
        return False
    for count in value.values():
        if count is not None and not (type(count) is int and 0 <= count <= _MAX):
            return False
    return True


def _are_messages(value: Any) -> bool:
    if type(value) not in (list, tuple):
        return False
    for message in value:
        if not (type(message) is dict and type(message.get("role")) is type(message.get("content")) is str):
            return False
    return True


def _fits(rules: Mapping[str, Check | Types]) -> Check:
    """Return the check of an object whose known fields follow these rules: types, or a check of the value."""
    types = {name: rule for name, rule in rules.items() if isinstance(rule, frozenset)}
    checks = {name: rule for name, rule in rules.items() if not isinstance(rule, frozenset)}
    return lambda value: type(value) is dict and _misfit(value, types, checks) is None


def _misfit(values: Mapping[str, Any], types: Mapping[str, Types], checks: Mapping[str, Check]) -> str | None:
    """The first field that has another type; None: all fit. Loops, because it runs for every call of every record."""
    for name, value in values.items():
        if name in types and type(value) not in types[name]:
            return name
    for name, check in checks.items():
        if name in values and not check(values[name]):
            return name
    return None


_SCORE: dict[str, Check | Types] = {
    "value": _or_null(_is_share),
    "answer": _TEXT_OR_NULL,
    "explanation": _TEXT_OR_NULL,
    "details": _OBJECT,
}
_CALL: dict[str, Check | Types] = {
    **dict.fromkeys(("role", "completion", "finish_reason", "model"), _TEXT),
    **dict.fromkeys(("round", "seed", "attempts"), _is_whole),
    **dict.fromkeys(("cost_usd", "latency_s", "time_to_first_token_s"), _or_null(_is_amount)),
    **dict.fromkeys(("cached", "batched"), _BOOL),
    "messages": _are_messages,
    "usage": _is_usage,
    "warnings": _list_of(_is_text),
    "reasoning": _TEXT_OR_NULL,
    "mean_logprob": lambda value: value is None or _is_number(value),
    "token_logprobs": _list_of(lambda value: _is_token(value)),
    "confidence": lambda value: _are_measures(value),
}


def _are_measures(value: Any) -> bool:
    """Whether a value is {measure: number}."""
    return _is_object(value) and all(_is_text(name) and _is_number(number) for name, number in value.items())


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= _MAX  # false for NaN and booleans


def _is_token(value: Any) -> bool:
    """Whether a value is [text, log-probability or null]."""
    if not (isinstance(value, list | tuple) and len(value) == 2 and _is_text(value[0])):
        return False
    number = value[1]
    return number is None or _is_number(number)


_fits_score = _fits(_SCORE)


def _is_score(value: Any) -> bool:
    return _fits_score(value) and {"value", "explanation"} <= value.keys()


def is_time(value: Any) -> bool:
    """Whether a value is a time in ISO 8601."""
    try:
        return datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


_RECORD_TYPES: dict[str, Types] = {
    **dict.fromkeys(
        ("run_id", "key", "task", "sample_id", "strategy", "provider", "model", "label", "slug", "sample_hash"),
        _TEXT,
    ),
    **dict.fromkeys(("output", "answer", "error", "group", "reasoning", "traceback"), _TEXT_OR_NULL),
    **dict.fromkeys(("strategy_params", "answer_metadata", "metadata"), _OBJECT),
    **dict.fromkeys(("cached", "must_pass"), _BOOL),
}
_RECORD: dict[str, Check] = {
    "epoch": lambda value: _is_whole(value) and value >= 1,
    "seed": _is_whole,
    "latency_s": _is_amount,
    "cost_usd": _or_null(_is_amount),
    "outcome": lambda value: _is_text(value) and value in OUTCOMES,
    "scores": lambda value: _is_object(value) and all(map(_is_score, value.values())),
    "usage": lambda value: _is_usage(value) and {"input_tokens", "output_tokens", "calls"} <= value.keys(),
    "transcript": _list_of(_fits(_CALL)),
    "started_at": is_time,
    "prompt": _or_null(_are_messages),
    "choices": _list_of(_is_text),
    "confidence": _are_measures,
}


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max  # false for NaN and booleans


_COMPLETION: dict[str, Check | Types] = {
    **dict.fromkeys(("text", "model"), _TEXT),
    **dict.fromkeys(("finish_reason", "reasoning"), _TEXT_OR_NULL),
    "usage": _is_usage,
    "latency_s": _is_amount,
    "time_to_first_token_s": _or_null(_is_amount),
    "warnings": _list_of(_is_text),
    "token_texts": _or_null(_list_of(_is_text)),
    **dict.fromkeys(("logprobs", "entropies"), _or_null(_list_of(_or_null(_is_finite)))),
    "top_logprobs": _or_null(
        _list_of(lambda token: _is_object(token) and all(map(_or_null(_is_finite), token.values())))
    ),
}
_COMPLETION_TYPES = {name: rule for name, rule in _COMPLETION.items() if isinstance(rule, frozenset)}
_COMPLETION_CHECKS = {name: rule for name, rule in _COMPLETION.items() if not isinstance(rule, frozenset)}


def check_completion_types(values: Mapping[str, Any]) -> None:
    """Raise TypeError with the first field of a stored completion that has another type than this package writes."""
    if (name := _misfit(values, _COMPLETION_TYPES, _COMPLETION_CHECKS)) is not None:
        raise TypeError(f"`{name}` cannot be {values[name]!r:.60}")


def check_transcript(transcript: Any) -> None:
    """Raise TypeError if a record's transcript is no list of objects."""
    if transcript is not None and not _is_list_of_objects(transcript):
        raise TypeError(f"`transcript` cannot be {transcript!r:.60}")


def check_record_types(values: Mapping[str, Any]) -> None:
    """Raise TypeError with the first field of a record that has another type than this package writes."""
    if (name := _misfit(values, _RECORD_TYPES, _RECORD)) is not None:
        raise TypeError(f"`{name}` cannot be {values[name]!r:.60}")
    if metadata := values.get("answer_metadata"):
        check_metadata(metadata, len(values.get("transcript") or ()))
    headline = next(iter((values.get("scores") or {}).values()), {"value": None})
    if values.get("outcome") in SCORED and headline["value"] is None:
        raise TypeError(f"`scores` cannot be without a value if `outcome` is {values['outcome']!r}")
