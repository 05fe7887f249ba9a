"""What of a record is kept in memory for the end of a run."""

from __future__ import annotations

from dataclasses import replace

from ..types import Record


def lean(record: Record) -> Record:
    """The record without its texts: what figures, gates, snapshots and calibration read.

    Prompt, target, output and the calls' texts are on disk, in the run's log.
    """
    first = record.transcript[:1]
    calls = [{"mean_logprob": call.get("mean_logprob")} for call in first]
    return replace(record, input="", target=None, output=None, transcript=calls)
