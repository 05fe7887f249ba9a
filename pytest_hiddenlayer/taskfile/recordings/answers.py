"""Reads one recorded answer, and checks its values."""

from __future__ import annotations

import sys
from typing import Any

from ...errors import did_you_mean, shorten
from ...types import RecordedAnswer
from ..scalar import Scalar, as_written, describe, plain_value

FIELDS = (
    "text",
    "answer",
    "verdict",
    "confidence",
    "finish_reason",
    "calls",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "model",
)
"""The keys of one answer."""


def read_answer(at: str, value: Any) -> RecordedAnswer | None:
    """Return one answer; None for null. True and false are verdicts on an answer that was not recorded."""
    if value is None:
        return None
    if isinstance(value, bool):
        return RecordedAnswer(verdict=value)
    if not isinstance(value, dict):
        return RecordedAnswer(text=read_text(at, value))
    if unknown := next((name for name in value if name not in FIELDS), None):
        hint = did_you_mean(unknown, FIELDS)
        raise ValueError(f"{at} has the unknown key {shorten(unknown)!r}{hint} (one of {', '.join(FIELDS)})")
    text, answer = value.get("text"), value.get("answer")
    return RecordedAnswer(
        text=None if text is None else read_text(f"{at}.text", text),
        answer=None if answer is None else read_text(f"{at}.answer", answer),
        unreadable="answer" in value and answer is None,
        verdict=_verdict(f"{at}.verdict", value.get("verdict")),
        confidence=_share(f"{at}.confidence", value.get("confidence")),
        finish_reason=(as_written(value.get("finish_reason")) or "stop").lower(),
        calls=read_count(f"{at}.calls", value.get("calls")),
        input_tokens=read_count(f"{at}.input_tokens", value.get("input_tokens")),
        output_tokens=read_count(f"{at}.output_tokens", value.get("output_tokens")),
        cost_usd=_amount(f"{at}.cost_usd", value.get("cost_usd")),
        model=as_written(value.get("model")) or "",
    )


def read_list(at: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{at} must be a list, got {describe(value)}")
    return value


def read_text(at: str, value: Any) -> str:
    text = None if isinstance(value, bool) else as_written(value)
    if text is None:
        raise ValueError(f"{at} must be a text or a number, got {describe(value)}")
    return text


def _verdict(at: str, value: Any) -> bool | None:
    if isinstance(value, bool | None):
        return value
    if isinstance(value, Scalar) and value.text in ("0", "1", "0.0", "1.0"):
        return value.text[0] == "1"
    raise ValueError(f"{at} must be true, false or null, got {describe(value)}")


def read_count(at: str, value: Any) -> int | None:
    number = _number(at, value, "a whole number from 0 up")
    if number is None:
        return None
    if number != int(number):
        raise ValueError(f"{at} must be a whole number from 0 up or null, got {describe(value)}")
    return int(number)


def _amount(at: str, value: Any) -> float | None:
    return _number(at, value, "a number from 0 up")


def _share(at: str, value: Any) -> float | None:
    number = _number(at, value, "a number from 0 to 1")
    if number is not None and number > 1:
        raise ValueError(f"{at} must be a number from 0 to 1 or null, got {describe(value)}")
    return number


def _number(at: str, value: Any, what: str) -> float | None:
    if value is None:
        return None
    number = plain_value(value) if isinstance(value, Scalar) else None
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= sys.float_info.max:
        raise ValueError(f"{at} must be {what} or null, got {describe(value)}")
    return float(number)
