"""Metrics of the calls of a cell: cached, retried, or with warnings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...types import Record
from ...types.record import ELICITED


def call_metrics(records: Sequence[Record]) -> dict[str, Any]:
    """The number of `calls`, and how many were `cached` or `repeated` (answered after more than one attempt).

    `warnings` has each warning with the number of its calls, and why a model's own confidence is unknown.
    Counts of 0 are left out; if all are 0, the result is empty.
    """
    calls = [call for record in records for call in record.transcript]
    return unusual_calls(
        len(calls),
        cached=sum(bool(call.get("cached")) for call in calls),
        repeated=sum(call.get("attempts", 1) > 1 for call in calls),
        warnings=call_warnings(records),
    )


def unusual_calls(n_calls: int, *, cached: int, repeated: int, warnings: Iterable[str]) -> dict[str, Any]:
    """The value of `call_metrics`, from its counts and every warning of a call."""
    counts = {"cached": cached, "repeated": repeated, "warnings": dict(Counter(warnings).most_common())}
    unusual = {name: value for name, value in counts.items() if value}
    return {"calls": n_calls, **unusual} if unusual else {}


def call_warnings(records: Iterable[Record]) -> Iterator[str]:
    """Yield every warning of a call, and why a model's own confidence is unknown."""
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
