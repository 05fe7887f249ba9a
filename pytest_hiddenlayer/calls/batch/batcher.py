"""Answers the calls of one model by batches: calls made at the same time go together, at the batch price.

Only calls that do not depend on an earlier answer of their case are sent (`Request.independent`):
any other call would wait hours for another batch. A call that an earlier, interrupted run has
sent is collected and not sent again.

    call → reserve at the batch price → group → ledger → send → poll → collect → commit
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from ...batch_api import BatchApi
from ...errors import ProviderError, TransientError
from ...types import Completion, Request
from ..cost.meter import CostMeter
from ..plain_completion import plain_completion
from ..reported_values import checked_completion
from ..retry import RetryPolicy
from .collecting import BatchCollector
from .entries import BatchEntry
from .ledger import Ledger
from .messages import count_requests
from .polling import POLL_BACKOFF, PollBackoff
from .results import BatchResults
from .sending import BatchSender
from .session import BatchSession

FLUSH_AFTER_S = 2.0
"""A batch is sent if no request was added for so long."""
_RETRY_POLICY = RetryPolicy(attempt_s=900.0, total_s=3600.0, max_retry_after_s=600.0)


class Batcher:
    """The batches of one model. Used on one event loop."""

    def __init__(
        self,
        api: BatchApi,
        ledger: Ledger,
        model: str,
        *,
        meter: CostMeter | None = None,
        notify: Callable[[str], None] = lambda text: None,
        quiet_s: float = FLUSH_AFTER_S,
        backoff: PollBackoff = POLL_BACKOFF,
        retry_policy: RetryPolicy = _RETRY_POLICY,
    ) -> None:
        """`model` is PROVIDER:MODEL, for messages; `notify` receives messages for the user."""
        self._session = BatchSession(api=api, ledger=ledger, model=model, notify=notify, retry_policy=retry_policy)
        self._meter = meter
        self._sender = BatchSender(self._session, quiet_s)
        self._collector = BatchCollector(self._session, backoff)
        self._unanswered = 0  # requests that were in a batch and have to be made again
        self._answered: dict[str, tuple[BatchEntry, set[str]]] = {}  # by tag: keys whose answers were returned

    async def answer(self, key: str, request: Request, order: int = 0) -> Completion | None:
        """Return the completion from a batch; None if the call has to use the synchronous API.

        The synchronous API is needed if the call depends on an earlier answer, if the server has no batch
        API, or if the batch did not answer the call for a transient reason (it expired, the server failed). Raises
        ProviderError if the server rejected the request.
        """
        if self._session.ledger.find(key) is None and not self._may_send(request):
            return None
        if self._meter is None:
            completion, _ = await self._by_batch(key, request)
            return completion
        reserved = await self._meter.reserve(request, order)
        try:
            completion, is_first = await self._by_batch(key, request)
        except BaseException as error:
            self._meter.release_or_hold(reserved, error)
            raise
        return self._settle(self._meter, reserved, completion, is_first=is_first)

    def pending_batches(self) -> list[str]:
        """One sentence for each batch that was sent and not collected."""
        return [
            f"batch {entry.name} of {count_requests(entry.n)} to {self._session.model} is still in progress; "
            "run the same command again to collect it"
            for entry in self._session.pending.values()
        ]

    def release(self) -> None:
        """Delete the results that were returned; call it once every record of the run is on disk."""
        for entry, keys in self._answered.values():
            self._collector.close_results(entry)
            self._session.ledger.drop(entry, keys)
        self._answered.clear()
        if self._unanswered:
            self._session.notify(
                f"{count_requests(self._unanswered)} to {self._session.model} got no answer in a batch "
                "and used the synchronous API, at its price"
            )
            self._unanswered = 0

    async def close(self) -> None:
        """Stop waiting. Batches continue at the server, and their entries stay."""
        await self._sender.close()
        await self._collector.close()
        self._session.ledger.close()

    def _may_send(self, request: Request) -> bool:
        return self._sender.has_endpoint and request.independent

    @staticmethod
    def _settle(
        meter: CostMeter, reserved: Decimal, completion: Completion | None, *, is_first: bool
    ) -> Completion | None:
        """The completion with its cost; only the first caller of a request pays for it."""
        if completion is not None and is_first:
            return meter.commit(reserved, completion)
        meter.release_or_hold(reserved, ProviderError("not billed"))
        return None if completion is None else replace(completion, cached=True, cost_usd=0.0)

    async def _by_batch(self, key: str, request: Request) -> tuple[Completion | None, bool]:
        """Return (completion or None as in `answer`, whether this caller is the first to receive it)."""
        while True:
            entry = self._session.ledger.find(key)
            if entry is None and self._may_send(request):
                entry = await self._sender.send(key, request)
            if entry is None:
                return None, True
            results = await self._collector.results(entry)
            if results is not None:
                return self._read(entry, results, key, request)

    def _read(
        self, entry: BatchEntry, results: BatchResults, key: str, request: Request
    ) -> tuple[Completion | None, bool]:
        _, answered = self._answered.setdefault(entry.tag, (entry, set()))
        is_first = key not in answered
        answered.add(key)
        batch = f"{self._session.model}: batch {entry.name}"
        if entry.failed is not None:
            raise ProviderError(f"{batch} was rejected as a whole: {entry.failed}")
        line = results.get(key)
        if line is None and entry.cancelled:
            raise ProviderError(f"{batch} was cancelled before this was answered; run again")
        try:
            answer = None if line is None else self._session.api.read(line, request)
            completion = None if answer is None else checked_completion(plain_completion(answer), self._session.model)
        except TransientError:
            completion = None
        if completion is None:
            self._unanswered += is_first
            return None, is_first
        return replace(completion, latency_s=entry.duration_s or 0.0, batched=True), is_first
