"""Prices the calls of one model and keeps them within the budget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlsplit

from ...errors import ProviderError
from ...types import Completion, Request
from ..retry import response_lost
from .budget import Budget
from .prices import Prices


@dataclass(frozen=True, kw_only=True, slots=True)
class CostMeter:
    """Prices the calls of one model and keeps them within the run's budget."""

    prices: Prices
    provider: str  # the registered name
    price_list: str | None
    model: str
    free: bool  # in this process or on this machine, and without a price in the user's file
    budget: Budget | None = None
    batch: bool = False  # through a batch API, at its price

    async def reserve(self, request: Request, order: int = 0) -> Decimal:
        """Reserve the most that a call may cost, as soon as it fits; returns the amount in US dollars.

        Raises BudgetExceededError; ProviderError if the price is unknown.
        """
        if self.budget is None or self.free:
            return Decimal(0)
        max_cost = self.prices.ceiling(self.provider, self.price_list, self.model, request, batch=self.batch)
        if max_cost is None:
            raise ProviderError(
                f"--budget cannot be enforced: the price of {self.provider}:{self.model} is unknown. Install the "
                "extra `prices`, or write it into hiddenlayer-prices.yaml"
            )
        return await self.budget.reserve_in_turn(max_cost, order)

    def commit(self, reserved: Decimal, completion: Completion) -> Completion:
        """Settle a reservation and return the completion with its cost."""
        if self.free and self.budget is None:
            return completion  # the provider's own cost is right: 0 in this process
        cost = None if completion.cost_usd is None else Decimal(repr(completion.cost_usd))
        if not self.free:
            usage = completion.usage
            listed = self.prices.cost(self.provider, self.price_list, self.model, usage, batch=self.batch)
            cost = listed if listed is not None else cost
        if self.budget is not None:
            self.budget.commit(reserved, reserved if cost is None else cost)  # unknown: the most it may have cost
        return replace(completion, cost_usd=None if cost is None else float(cost))

    def release_or_hold(self, reserved: Decimal, error: BaseException) -> None:
        """Settle a reservation without an answer: hold it if the call may have been billed, else release it.

        A call may have been billed if it was sent and the server did not reject it.
        """
        if self.budget is None:
            return
        if response_lost(error) or isinstance(error, asyncio.CancelledError):
            self.budget.mark_unconfirmed(reserved)
        else:
            self.budget.commit(reserved, Decimal(0))


def is_free(price_list: str | None, endpoint: str) -> bool:
    """Whether calls stay in this process or on this machine."""
    host = urlsplit(endpoint).hostname if endpoint else None
    return price_list is None and (not endpoint or host in ("localhost", "::1") or str(host).startswith("127."))
