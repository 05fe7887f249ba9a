"""Metrics of the calls of a cell: cached, retried, or with warnings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...types import Record
from ...types.record import ELICITED


def call_metrics(records: Sequence[Record]) -> dict[str, Any]:
    """The number of `calls`, and how many were `cached` or `repeated` (answered after more than one attempt).

    `warnings` has each warning with the number of its calls, and why a model's own confidence is unknown.
    Counts of 0 are left out; if all are 0, the result is empty.
    """
    calls = [call for record in records for call in record.transcript]
    return call_metrics_of(
        len(calls),
        sum(bool(call.get("cached")) for call in calls),
        sum(call.get("attempts", 1) > 1 for call in calls),
        call_warnings(records),
    )


def call_metrics_of(n_calls: int, n_cached: int, n_repeated: int, warnings: Mapping[str, int]) -> dict[str, Any]:
    """The metrics of calls with these counts; empty if none of them is unusual."""
    counts: dict[str, Any] = {"cached": n_cached, "repeated": n_repeated, "warnings": dict(warnings)}
    unusual = {name: value for name, value in counts.items() if value}
    return {"calls": n_calls, **unusual} if unusual else {}


def call_warnings(records: Sequence[Record]) -> dict[str, int]:
    """Warning → its calls, the most frequent first."""
    return dict(Counter(_warnings(records)).most_common())


def _warnings(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        for call in record.transcript:
            yield from call.get("warnings", ())
        elicited = record.answer_metadata.get(ELICITED)
        for kind, found in elicited.items() if isinstance(elicited, dict) else ():
            if isinstance(found, dict) and found.get("value") is None:
                yield f"{kind} unknown: {_without_details(str(found.get('why', '?')))}"


def _without_details(why: str) -> str:
    """The reason without the reply and its probability, so that equal reasons are counted together."""
    return re.sub(r"a probability of \S+ together", "a low probability together", re.split(r": ['\"]", why)[0])
