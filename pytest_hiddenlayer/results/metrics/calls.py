"""What was unusual about the calls of a cell: answers that were not asked for, asked for again, or odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...types import Record


def call_figures(records: Sequence[Record]) -> dict[str, Any]:
    """`calls`, and how many of them were `cached` or `repeated` (answered after more than one attempt).

    `remarks` has each remark with the number of calls it was made on. What there is none of is
    left out; nothing at all where every call was as usual.
    """
    calls = [call for record in records for call in record.transcript]
    found: dict[str, Any] = {
        "cached": sum(bool(call.get("cached")) for call in calls),
        "repeated": sum(call.get("attempts", 1) > 1 for call in calls),
        "warnings": dict(Counter(remark for call in calls for remark in call.get("warnings", ())).most_common()),
    }
    unusual = {name: value for name, value in found.items() if value}
    return {"calls": len(calls), **unusual} if unusual else {}
