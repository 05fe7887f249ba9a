"""Checks what the engine writes into `Record.answer_metadata`, and reads back from it without another check.

Every other key belongs to a strategy, which may write any JSON there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..types import (
    ELICITED,
    OWN_PROMPTS,
    RECORDED_CALLS,
    RECORDED_COUNTS,
    ROUND_SCORES,
    SAMPLE_SCORES,
    SCORING_CALLS,
)

Check = Callable[[Any], bool]
_MAX_CALLS = 1_000_000_000


def check_metadata(metadata: Mapping[str, Any], n_calls: int | None = None) -> None:
    """Raise TypeError with the first key of the engine that has a value of another type than the engine writes.

    `n_calls` is the length of the transcript; None: it is not known yet.
    """
    for name, check in _CHECKS.items():
        if name in metadata and not check(metadata[name]):
            raise TypeError(f"`answer_metadata.{name}` cannot be {metadata[name]!r:.60}")
    if n_calls is not None and metadata.get(SCORING_CALLS, 0) > n_calls:
        raise TypeError(f"`answer_metadata.{SCORING_CALLS}` cannot be {metadata[SCORING_CALLS]} of {n_calls} calls")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_CALLS


def _is_share_or_null(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value <= 1)  # false for NaN and booleans


def _is_scored(value: Any) -> bool:
    """Whether a value is {score, right, answer}."""
    return (
        isinstance(value, Mapping)
        and _is_share_or_null(value.get("score"))
        and isinstance(value.get("right"), bool | None)
        and isinstance(value.get("answer"), str | None)
    )


def _object_of(check: Check) -> Check:
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


def _is_round_scores(value: Any) -> bool:
    """Whether a value is {role: {number of the round: {score, right, answer}}}."""
    if not _object_of(_object_of(_is_scored))(value):
        return False
    return all(map(_is_number_of_round, [number for rounds in value.values() for number in rounds]))


def _is_number_of_round(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 9


def _is_elicited(value: Any) -> bool:
    return isinstance(value, Mapping) and _is_share_or_null(value.get("value"))


def _is_counts(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    correct, of = value.get("correct"), value.get("of")
    return _is_count(correct) and _is_count(of) and int(correct or 0) <= int(of or 0)


_CHECKS: dict[str, Check] = {
    SCORING_CALLS: _is_count,
    RECORDED_CALLS: lambda value: value is None or _is_count(value),
    RECORDED_COUNTS: _is_counts,
    ROUND_SCORES: _is_round_scores,
    SAMPLE_SCORES: _object_of(_is_scored),
    ELICITED: _object_of(_is_elicited),
    OWN_PROMPTS: _object_of(lambda value: isinstance(value, str)),
}
