"""What of a record is kept in memory for the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ...types import Record

_KEPT = ("mean_logprob", "cached", "attempts", "warnings")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def lean(record: Record) -> Record:
    """The record without its texts: what figures, gates, snapshots and calibration read.

    Prompt, target, output, key and the calls' texts are on disk, in the run's log. What many
    records have alike is kept once.
    """
    return replace(
        record,
        key="",
        input="",
        target=None,
        output=None,
        strategy_params=_NOTHING,
        transcript=_lean_calls(record.transcript),
        usage=_shared(tuple(record.usage.items())),
        answer_metadata=record.answer_metadata or _NOTHING,
    )


def _lean_calls(calls: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    kept = [{name: call[name] for name in _KEPT if call.get(name) is not None} for call in calls]
    return kept if any(kept) else _usual(len(calls))


@lru_cache(maxsize=100)
def _usual(calls: int) -> Sequence[Mapping[str, Any]]:
    return (_NOTHING,) * calls


@lru_cache(maxsize=10_000)
def _shared(counts: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    return MappingProxyType(dict(counts))
