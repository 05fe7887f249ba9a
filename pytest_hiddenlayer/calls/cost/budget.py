"""A budget: reserves what a call may cost before it, and commits its cost after it.

One process holds it (under xdist the controller), on one event loop. Spending exceeds the limit
by no more than what calls in flight cost beyond their reservations. A call that exceeds the
remaining budget waits until calls in flight settle.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from ...errors import BudgetExceededError


@dataclass(kw_only=True, slots=True)
class Budget:
    """All amounts are in US dollars."""

    limit: Decimal
    spent: Decimal = Decimal(0)  # on answered calls
    reserved: Decimal = Decimal(0)  # for calls in flight
    unconfirmed: Decimal = Decimal(0)  # for calls that were sent and not answered; they may have been billed
    refused: int = 0  # number of calls that were not made
    earlier: Decimal = Decimal(0)  # the part of `spent` of the run that is resumed
    unpriced: int = 0  # number of answered calls whose cost is unknown; their reservations count as spent
    _waiting: list[tuple[int, int, Decimal, asyncio.Future[Decimal]]] = field(default_factory=list, repr=False)
    _tickets: count[int] = field(default_factory=count, repr=False)  # equal orders go first come, first served

    @classmethod
    def after(cls, limit: Decimal, earlier: Decimal) -> Budget:
        """The budget of a run that resumes one which has spent `earlier` of it."""
        return cls(limit=limit, spent=earlier, earlier=earlier)

    async def reserve_in_turn(self, amount: Decimal, order: int = 0) -> Decimal:
        """Reserve an amount as soon as it fits; of those that wait the lowest order goes first.

        Raises BudgetExceededError as soon as it cannot fit even if every reservation is released.
        """
        turn: asyncio.Future[Decimal] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), amount, turn))
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.commit(turn.result(), Decimal(0))
            raise

    def _serve(self) -> None:
        while self._waiting:
            _, _, amount, turn = self._waiting[0]
            if amount > self.left and self.reserved and amount <= self.left + self.reserved:
                return  # the first has to wait, and so do all after it
            heapq.heappop(self._waiting)
            if turn.done():  # the caller was cancelled
                continue
            try:
                turn.set_result(self.reserve(amount))
            except BudgetExceededError as error:
                turn.set_exception(error)

    def reserve(self, amount: Decimal) -> Decimal:
        """Reserve an amount. Raises BudgetExceededError if it exceeds what is left."""
        if amount > self.left:
            self.refused += 1
            left = max(self.left, Decimal(0))
            raise BudgetExceededError(
                f"${self.limit} does not cover this call: it may cost ${amount:.6f}, ${left:.6f} is left "
                f"(${self.spent:.6f} spent, ${self.reserved + self.unconfirmed:.6f} reserved); "
                "raise the budget, or lower max_tokens"
            )
        self.reserved += amount
        return amount

    def commit(self, reserved: Decimal, cost: Decimal | None) -> None:
        """Release a reservation and add the cost of its call; 0 if the call was rejected.

        If the cost is unknown (None), the reservation counts: the most that the call may have cost.
        """
        self.reserved -= reserved
        self.spent += reserved if cost is None else max(cost, Decimal(0))
        self.unpriced += cost is None
        self._serve()

    def mark_unconfirmed(self, reserved: Decimal) -> None:
        """A call was sent and not answered: its reservation counts as spent."""
        self.reserved -= reserved
        self.unconfirmed += reserved
        self._serve()

    @property
    def left(self) -> Decimal:
        """What may still be reserved."""
        return self.limit - self.spent - self.reserved - self.unconfirmed

    def summary(self) -> str:
        """One line for the user."""
        earlier = f" (${self.earlier:.4f} of it by the run that is resumed)" if self.earlier else ""
        parts = [f"budget: ${self.spent:.4f} of ${self.limit} spent{earlier}"]
        if self.unconfirmed:
            parts.append(f"${self.unconfirmed:.4f} may have been billed for calls without an answer")
        if self.unpriced:
            calls = "1 call" if self.unpriced == 1 else f"{self.unpriced} calls"
            parts.append(f"the cost of {calls} is unknown and counts as the most it may be")
        if self.refused:
            parts.append(f"{self.refused} call{'s' if self.refused > 1 else ''} not made")
        return ", ".join(parts)
