"""The run's budget in a worker that opened a model itself: every amount is settled in the broker's process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ...errors import HiddenLayerError
from ...types import ModelName
from ..cost.budget import Budget
from .client import BrokerClient

_NO_MODEL = ModelName(provider="")


@dataclass(kw_only=True, slots=True)
class BrokerBudget(Budget):
    """Used on the event loop of the broker's client."""

    broker: BrokerClient = field(repr=False)
    _settling: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    async def reserve_in_turn(self, amount: Decimal, order: int = 0) -> Decimal:
        """Reserve an amount. Raises BudgetExceededError; ProviderError if the broker has ended."""
        reply = await self.broker.call("reserve", _NO_MODEL, amount=str(amount), order=order)
        return Decimal(reply["amount"])

    def commit(self, reserved: Decimal, cost: Decimal | None) -> None:
        """Settle a reservation; does not wait."""
        if reserved or cost != 0:
            self._settle("commit", reserved=str(reserved), cost=None if cost is None else str(cost))

    def mark_unconfirmed(self, reserved: Decimal) -> None:
        """A call was sent and not answered; does not wait."""
        self._settle("hold", reserved=str(reserved))

    def _settle(self, do: str, **amounts: Any) -> None:
        task = asyncio.ensure_future(self._send(do, amounts))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _send(self, do: str, amounts: dict[str, Any]) -> None:
        with suppress(HiddenLayerError):  # the broker has ended, and the run with it
            await self.broker.call(do, _NO_MODEL, **amounts)
