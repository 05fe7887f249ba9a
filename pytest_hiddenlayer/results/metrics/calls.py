"""Metrics of the calls of a cell: cached, retried, or with warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...types import Record


def call_metrics(records: Sequence[Record]) -> dict[str, Any]:
    """The number of `calls`, and how many were `cached` or `repeated` (answered after more than one attempt).

    `warnings` has each warning with the number of its calls. Counts of 0 are left out; if all are
    0, the result is empty.
    """
    calls = [call for record in records for call in record.transcript]
    counts: dict[str, Any] = {
        "cached": sum(bool(call.get("cached")) for call in calls),
        "repeated": sum(call.get("attempts", 1) > 1 for call in calls),
        "warnings": dict(Counter(text for call in calls for text in call.get("warnings", ())).most_common()),
    }
    unusual = {name: value for name, value in counts.items() if value}
    return {"calls": len(calls), **unusual} if unusual else {}
