"""The run's budget and response cache, in one process on the driver's node, for all workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..calls.cache.response_cache import Mode, ResponseCache
from ..calls.cost.budget import Budget
from ..errors import BudgetExceededError, ProviderError
from ..types import Completion

CACHE_S = 10.0
"""Seconds to wait for the cache; then the model is asked."""


class SharedState:
    """Ray runs it as an actor: its methods share one event loop. Amounts are in US dollars."""

    def __init__(self, budget: Decimal | None, cache: Path, mode: Mode | None, spent: Decimal = Decimal(0)) -> None:
        """`spent` is the part of the budget that the run which is resumed has spent."""
        self._budget = None if budget is None else Budget.after(budget, spent)
        self._cache_path, self._mode = cache, mode
        self._cache: ResponseCache | None = None
        self._reserved: defaultdict[str, Decimal] = defaultdict(Decimal)  # worker → of its calls in flight
        self._lost: set[str] = set()

    async def reserve(self, worker: str, amount: Decimal, order: int) -> Decimal | str:
        """The amount, reserved; the message if it does not fit any more."""
        assert self._budget is not None
        try:
            reserved = await self._budget.reserve_in_turn(amount, order)
        except BudgetExceededError as error:
            return str(error)
        if worker in self._lost:  # it ended while it waited: nothing was sent
            self._budget.commit(reserved, Decimal(0))
            return "the worker has ended"
        self._reserved[worker] += reserved
        return reserved

    async def commit(self, worker: str, reserved: Decimal, cost: Decimal | None) -> None:
        """Settle a reservation of a worker."""
        if self._budget is not None and worker not in self._lost:
            self._reserved[worker] -= reserved
            self._budget.commit(reserved, cost)

    async def mark_unconfirmed(self, worker: str, reserved: Decimal) -> None:
        """A call of a worker was sent and not answered."""
        if self._budget is not None and worker not in self._lost:
            self._reserved[worker] -= reserved
            self._budget.mark_unconfirmed(reserved)

    async def lose(self, worker: str) -> None:
        """A worker has ended: its calls in flight may have been billed."""
        self._lost.add(worker)
        if self._budget is not None and (reserved := self._reserved.pop(worker, Decimal(0))):
            self._budget.mark_unconfirmed(reserved)

    async def amounts(self) -> dict[str, Any]:
        """The fields of the budget, without those that wait."""
        names = ("limit", "spent", "reserved", "unconfirmed", "refused", "unpriced", "earlier")
        return {} if self._budget is None else {name: getattr(self._budget, name) for name in names}

    async def cached(self, key_fields: Mapping[str, Any]) -> Completion | None:
        """The stored completion of a call."""
        return self._opened().get(key_fields)

    async def store(self, key_fields: Mapping[str, Any], completion: Completion, deterministic: bool) -> None:
        """Store a completion, if the mode allows it."""
        self._opened().put(key_fields, completion, deterministic)

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _opened(self) -> ResponseCache:
        if self._cache is None:
            assert self._mode is not None
            self._cache = ResponseCache(self._cache_path, self._mode)
        return self._cache


@dataclass(kw_only=True, slots=True)
class SharedBudget(Budget):
    """The budget as a worker sees it: every amount is reserved and settled in the shared process."""

    shared: Any = field(repr=False)
    worker: str

    async def reserve_in_turn(self, amount: Decimal, order: int = 0) -> Decimal:
        """Reserve an amount. Raises BudgetExceededError; ProviderError if the shared process has ended."""
        from ray.exceptions import RayError

        try:
            reserved: Decimal | str = await self.shared.reserve.remote(self.worker, amount, order)
        except RayError as error:
            raise ProviderError("the process that holds the budget has ended; start a new run") from error
        if isinstance(reserved, str):
            raise BudgetExceededError(reserved)
        return reserved

    def commit(self, reserved: Decimal, cost: Decimal | None) -> None:
        """Settle a reservation; does not wait."""
        self.shared.commit.remote(self.worker, reserved, cost)

    def mark_unconfirmed(self, reserved: Decimal) -> None:
        """A call was sent and not answered; does not wait."""
        self.shared.mark_unconfirmed.remote(self.worker, reserved)


class SharedCache(ResponseCache):
    """The cache as a worker sees it: the file of the driver's user, read and written by the shared process."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def get(self, key_fields: Mapping[str, Any]) -> Completion | None:
        """The stored completion; None if there is none, or if the shared process does not answer in time."""
        import ray
        from ray.exceptions import RayError

        try:
            found: Completion | None = ray.get(self._shared.cached.remote(key_fields), timeout=CACHE_S)
        except RayError:
            return None
        return found

    def put(self, key_fields: Mapping[str, Any], completion: Completion, deterministic: bool) -> None:
        """Store a completion; does not wait."""
        if not completion.cached:
            self._shared.store.remote(key_fields, completion, deterministic)

    def close(self) -> None:
        """Do nothing: the shared process closes the file."""
