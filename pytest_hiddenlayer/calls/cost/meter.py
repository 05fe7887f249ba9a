"""What the calls of one line cost, and whether they fit into the budget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlsplit

from ...errors import ProviderError, TransientError
from ...types import Completion, Request
from .budget import Budget
from .prices import Prices


@dataclass(frozen=True, kw_only=True, slots=True)
class CostMeter:
    """Prices the calls of a line and holds them within the run's budget; fulfils the Purse protocol."""

    prices: Prices
    provider: str  # the registered name
    price_list: str | None
    model: str
    free: bool  # in this process or on this machine, and nobody gave it a price
    budget: Budget | None = None
    batch: bool = False  # through a batch API, at its price

    async def reserve(self, request: Request, order: int = 0) -> Decimal:
        """Set aside what a call may cost at most, as soon as it fits beside the calls in flight.

        Raises BudgetExceededError; ProviderError where no price is known.
        """
        if self.budget is None or self.free:
            return Decimal(0)
        most = self.prices.ceiling(self.provider, self.price_list, self.model, request, batch=self.batch)
        if most is None:
            raise ProviderError(
                f"--budget cannot hold: the price of {self.provider}:{self.model} is unknown. Install the extra "
                "`prices`, or write it into hiddenlayer-prices.yaml"
            )
        return await self.budget.reserve_in_turn(most, order)

    def commit(self, reserved: Decimal, completion: Completion) -> Completion:
        """The completion with its cost."""
        if self.free and self.budget is None:
            return completion  # it costs what it says: in this process nothing
        cost = None if completion.cost_usd is None else Decimal(repr(completion.cost_usd))
        if not self.free:
            usage = completion.usage
            listed = self.prices.cost(self.provider, self.price_list, self.model, usage, batch=self.batch)
            cost = listed if listed is not None else cost
        if self.budget is not None:
            self.budget.commit(reserved, reserved if cost is None else cost)  # unknown: as much as it may have cost
        return replace(completion, cost_usd=None if cost is None else float(cost))

    def release_or_hold(self, reserved: Decimal, error: BaseException) -> None:
        """No answer came; what was sent and not refused by the server may have been billed."""
        if self.budget is None:
            return
        cause = error if isinstance(error, TransientError) else error.__cause__
        lost = isinstance(cause, TransientError) and cause.status is None
        if lost or isinstance(error, asyncio.CancelledError):
            self.budget.mark_unconfirmed(reserved)
        else:
            self.budget.commit(reserved, Decimal(0))


def is_free(price_list: str | None, endpoint: str) -> bool:
    """Whether calls go to this process or this machine."""
    host = urlsplit(endpoint).hostname if endpoint else None
    return price_list is None and (not endpoint or host in ("localhost", "::1") or str(host).startswith("127."))
