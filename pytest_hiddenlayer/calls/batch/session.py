"""What sending and collecting the batches of one model share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...batch_api import BatchApi, BatchState
from ..limiter import AdaptiveLimiter
from ..retry import RetryPolicy
from .entries import BatchEntry
from .ledger import Ledger

CONCURRENT_REQUESTS = 4
"""Requests to a batch API that are in flight at once."""


@dataclass(kw_only=True, slots=True)
class BatchSession:
    """One model's batch API and ledger during one run."""

    api: BatchApi
    ledger: Ledger
    model: str  # PROVIDER:MODEL
    notify: Callable[[str], None]
    retry_policy: RetryPolicy
    limiter: AdaptiveLimiter = field(default_factory=lambda: AdaptiveLimiter(CONCURRENT_REQUESTS))
    pending: dict[str, BatchEntry] = field(default_factory=dict)  # by tag: awaited in this run, not yet collected

    async def find_at_server(self, entry: BatchEntry) -> list[BatchState]:
        """The server's batches that may be this entry's. Raises ProviderError."""
        states = await self.api.find(entry.tag, entry.intended_s, entry.n)
        return [state for state in states if state.id not in entry.not_ours]
