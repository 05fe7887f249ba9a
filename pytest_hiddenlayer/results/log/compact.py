"""Records without their texts, to save memory until the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ...types import Record

_KEPT_FIELDS = ("mean_logprob", "cached", "attempts", "warnings")
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def without_texts(record: Record) -> Record:
    """The record without its texts: the fields that metrics, gates, snapshots and calibration read.

    Prompt, target, output, key and the calls' texts are on disk, in the run log. Equal usages and
    empty mappings are shared between records.
    """
    return replace(
        record,
        key="",
        input="",
        target=None,
        output=None,
        prompt=None,
        choices=(),
        metadata=_EMPTY,
        reasoning=None,
        traceback=None,
        strategy_params=_EMPTY,
        transcript=_lean_calls(record.transcript),
        usage=_shared(tuple(record.usage.items())),
        answer_metadata=record.answer_metadata or _EMPTY,
    )


def _lean_calls(calls: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    compact = [{name: call[name] for name in _KEPT_FIELDS if call.get(name) is not None} for call in calls]
    return compact if any(compact) else _empty_calls(len(calls))


@lru_cache(maxsize=100)
def _empty_calls(n_calls: int) -> Sequence[Mapping[str, Any]]:
    return (_EMPTY,) * n_calls


@lru_cache(maxsize=10_000)
def _shared(counts: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    return MappingProxyType(dict(counts))
