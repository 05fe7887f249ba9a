"""Prices the calls of one model and keeps them within the budget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from ...errors import ProviderError
from ...providers.http.addresses import is_loopback
from ...types import Completion, Request
from ..retry import response_lost
from .budget import Budget
from .prices import Prices


@dataclass(slots=True)
class HighestCost:
    """The most that one call of a model has cost so far, in US dollars, if only the model's provider says it."""

    usd: Decimal = Decimal(0)

    def note(self, cost: Decimal | None) -> None:
        """Take the cost of an answered call."""
        if cost is not None:
            self.usd = max(self.usd, cost)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostMeter:
    """Prices the calls of one model and keeps them within the run's budget."""

    prices: Prices
    provider: str  # the registered name
    price_list: str | None
    model: str
    free: bool  # in this process or on this machine, and without a price in the user's file
    budget: Budget | None = None
    default_max_tokens: int | None = None  # new tokens of a call whose request sets no limit; None: unknown
    min_tokens: int = 1  # least limit of new tokens that a call has
    batch: bool = False  # through a batch API, at its price
    highest: HighestCost = field(default_factory=HighestCost)

    async def reserve(self, request: Request, order: int = 0) -> Decimal:
        """Reserve the most that a call may cost, as soon as it fits; returns the amount in US dollars.

        Raises BudgetExceededError; ProviderError if the price is unknown.
        """
        if self.budget is None or self.free:
            return Decimal(0)
        max_tokens = request.params.max_tokens or self.default_max_tokens
        max_tokens = None if max_tokens is None else max(max_tokens, self.min_tokens)
        max_cost = self.prices.ceiling(
            self.provider, self.price_list, self.model, request.messages, max_tokens, batch=self.batch
        )
        if max_cost is None:
            raise ProviderError(
                f"--budget cannot be enforced: the price of {self.provider}:{self.model} is unknown. Install the "
                "extra `prices`, or write it into hiddenlayer-prices.yaml"
            )
        return await self.budget.reserve_in_turn(max_cost, order)

    async def reserve_admitted(self, order: int = 0) -> Decimal:
        """Reserve what a call that is sent now may cost, if only the answers of its provider say what calls cost.

        That is the most that one has cost so far, and 0 before the first answer. Raises BudgetExceededError.
        """
        if self.budget is None or not self.free or not self.highest.usd:
            return Decimal(0)
        return await self.budget.reserve_in_turn(self.highest.usd, order)

    def commit(self, reserved: Decimal, completion: Completion, n_lost: int = 0) -> Completion:
        """Settle a reservation and return the completion with its cost.

        `n_lost` earlier attempts were sent and not answered. They may have been billed too, which a warning says.
        """
        if n_lost and not self.free:
            completion = replace(completion, warnings=(*completion.warnings, _lost_message(n_lost)))
        if self.free and self.budget is None:
            return completion  # the provider's own cost is right: 0 in this process
        if completion.price_unknown and (self.price_list is not None or self._has_own_price):
            completion = replace(completion, warnings=(*completion.warnings, self._price_message(completion)))
        cost = self._cost(completion)
        if self.budget is not None:
            self.budget.commit(reserved, cost)
        self.highest.note(cost)
        return replace(completion, cost_usd=None if cost is None else float(cost))

    def _cost(self, completion: Completion) -> Decimal | None:
        """US dollars; None if they are unknown. A model with a price never costs 0 because tokens are unknown."""
        own = None if completion.cost_usd is None else Decimal(repr(completion.cost_usd))
        if self.free:
            return own
        if completion.price_unknown and not self._has_own_price:
            return None
        listed = self.prices.cost(self.provider, self.price_list, self.model, completion.usage, batch=self.batch)
        if listed is not None:
            return listed
        return None if not own or self.prices.has_own(self.provider, self.model) else own

    @property
    def _has_own_price(self) -> bool:
        return self.prices.own(self.provider, self.model, datetime.now(UTC).date()) is not None

    def _price_message(self, completion: Completion) -> str:
        if self._has_own_price:
            return f"{completion.price_unknown}: the cost is that of your price file"
        return (
            f"{completion.price_unknown}: the cost is unknown, because the price list is for the standard price; "
            "write the price into hiddenlayer-prices.yaml"
        )

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


def _lost_message(n: int) -> str:
    attempts = "1 earlier attempt was" if n == 1 else f"{n} earlier attempts were"
    return f"{attempts} sent and not answered; the cost does not include what the server may have billed for it"


def is_free(price_list: str | None, endpoint: str) -> bool:
    """Whether calls stay in this process or on this machine."""
    return price_list is None and (not endpoint or is_loopback(endpoint))
