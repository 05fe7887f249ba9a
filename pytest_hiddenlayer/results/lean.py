"""What of a record is kept in memory for the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ..types import Record


def lean(record: Record) -> Record:
    """The record without its texts: what figures, gates, snapshots and calibration read.

    Prompt, target, output and the calls' texts are on disk, in the run's log.
    """
    calls = [_lean_call(call) for call in record.transcript]
    usage = _shared(tuple(record.usage.items()))
    return replace(record, input="", target=None, output=None, transcript=calls, usage=usage)


@lru_cache(maxsize=10_000)
def _shared(counts: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """One mapping for all records with the same counts."""
    return MappingProxyType(dict(counts))


_KEPT = ("mean_logprob", "cached", "attempts", "remarks")
_USUAL: Mapping[str, Any] = {}


def _lean_call(call: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: call[name] for name in _KEPT if call.get(name) is not None}
    return kept or _USUAL
