"""Sentences about batches for the user."""

from __future__ import annotations

from collections.abc import Iterable

from .entries import BatchEntry


def no_batch_message(model: str, reason: str = "") -> str:
    """The message for a model whose provider or server has no batch API."""
    cause = f" ({reason})" if reason else ""
    return f"--hl-batch: {model} has no batch endpoint{cause}: its calls use the synchronous API"


def describe_pending(entries: Iterable[BatchEntry], now_s: float) -> list[str]:
    """One line for each batch of a ledger; `now_s` is the Unix time."""
    return [
        f"{entry.provider}:{entry.model}: batch {entry.name} of {count_requests(entry.n)}, "
        f"{'collected, not yet in a record' if entry.collected else 'to be collected'}, "
        f"sent {format_duration(now_s - entry.intended_s)} ago"
        for entry in entries
    ]


def count_requests(n: int) -> str:
    """The number with its noun: `1 request`, `2 requests`."""
    return f"{n} request{'' if n == 1 else 's'}"


def format_duration(seconds: float) -> str:
    """A duration as text: `30 s`, `12 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
