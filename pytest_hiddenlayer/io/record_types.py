"""Checks the types of a record that was read from a file, so that a damaged or hostile one is refused as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..types import OUTCOMES, SCORED

Check = Callable[[Any], bool]
_MAX = 1e15  # of any count, time or amount; larger ones cannot be summed


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


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


def _is_share(value: Any) -> bool:
    return _is_amount(value) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _MAX)


def _is_usage(value: Any) -> bool:
    return _is_object(value) and all(map(_is_count, value.values()))


def _is_message(value: Any) -> bool:
    return _is_object(value) and _is_text(value.get("role")) and _is_text(value.get("content"))


def _fits(checks: Mapping[str, Check]) -> Check:
    """Return the check of an object whose known fields have these types."""

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for name, check in checks.items():  # a loop, not `all`: it runs for every call of every record
            if name in value and not check(value[name]):
                break
        else:
            return True
        return False

    return fits


_SCORE: dict[str, Check] = {
    "value": _or_null(_is_share),
    "answer": _or_null(_is_text),
    "explanation": _or_null(_is_text),
    "details": _is_object,
}
_CALL: dict[str, Check] = {
    **dict.fromkeys(("role", "completion", "finish_reason", "model"), _is_text),
    **dict.fromkeys(("round", "seed", "attempts"), _is_whole),
    **dict.fromkeys(("cost_usd", "latency_s", "time_to_first_token_s"), _or_null(_is_amount)),
    **dict.fromkeys(("cached", "batched"), _is_bool),
    "messages": _list_of(_is_message),
    "usage": _is_usage,
    "warnings": _list_of(_is_text),
    "reasoning": _or_null(_is_text),
    "token_logprobs": _list_of(lambda value: _is_token(value)),
}


def _is_token(value: Any) -> bool:
    """Whether a value is [text, log-probability or null]."""
    if not (isinstance(value, list | tuple) and len(value) == 2 and _is_text(value[0])):
        return False
    number = value[1]
    return number is None or (
        isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= _MAX
    )


def _is_score(value: Any) -> bool:
    return _fits(_SCORE)(value) and {"value", "explanation"} <= value.keys()


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


_RECORD: dict[str, Check] = {
    **dict.fromkeys(
        ("run_id", "key", "task", "sample_id", "strategy", "provider", "model", "label", "slug"),
        _is_text,
    ),
    **dict.fromkeys(("output", "answer", "error", "group", "reasoning", "traceback"), _or_null(_is_text)),
    **dict.fromkeys(("strategy_params", "answer_metadata", "metadata"), _is_object),
    **dict.fromkeys(("cached", "must_pass"), _is_bool),
    "sample_hash": _is_text,
    "epoch": lambda value: _is_whole(value) and value >= 1,
    "seed": _is_whole,
    "latency_s": _is_amount,
    "cost_usd": _or_null(_is_amount),
    "outcome": lambda value: _is_text(value) and value in OUTCOMES,
    "scores": lambda value: _is_object(value) and all(map(_is_score, value.values())),
    "usage": lambda value: _is_usage(value) and {"input_tokens", "output_tokens", "calls"} <= value.keys(),
    "transcript": _list_of(_fits(_CALL)),
    "started_at": _is_time,
    "prompt": _or_null(_list_of(_is_message)),
    "choices": _list_of(_is_text),
}


def check_transcript(transcript: Any) -> None:
    """Raise TypeError if a record's transcript is no list of objects."""
    if transcript is not None and not _list_of(_is_object)(transcript):
        raise TypeError(f"`transcript` cannot be {transcript!r:.60}")


def check_record_types(values: Mapping[str, Any]) -> None:
    """Raise TypeError with the first field of a record that has another type than this package writes."""
    for name, check in _RECORD.items():
        if name in values and not check(values[name]):
            raise TypeError(f"`{name}` cannot be {values[name]!r:.60}")
    headline = next(iter((values.get("scores") or {}).values()), {"value": None})
    if values.get("outcome") in SCORED and headline["value"] is None:
        raise TypeError(f"`scores` cannot be without a value if `outcome` is {values['outcome']!r}")
