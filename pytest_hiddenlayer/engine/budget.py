"""A budget that holds: what a call may cost is set aside before it, and settled after it.

One process keeps it (under xdist the controller), on one event loop. Spending exceeds the
limit by no more than what calls in flight cost beyond what was set aside for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..errors import BudgetSpent


@dataclass(kw_only=True, slots=True)
class Budget:
    """US dollars."""

    limit: Decimal
    spent: Decimal = Decimal(0)  # by calls that were answered
    reserved: Decimal = Decimal(0)  # for calls in flight
    doubtful: Decimal = Decimal(0)  # for calls that were sent and not answered: they may have been billed
    refused: int = 0  # calls that were not made

    def reserve(self, amount: Decimal) -> Decimal:
        """Set an amount aside. Raises BudgetSpent where it does not fit into what is left."""
        if amount > self.left:
            self.refused += 1
            left = max(self.left, Decimal(0))
            raise BudgetSpent(
                f"${self.limit} is spent: this call may cost ${amount:.6f}, ${left:.6f} is left "
                f"(${self.spent:.6f} spent, ${self.reserved + self.doubtful:.6f} set aside)"
            )
        self.reserved += amount
        return amount

    def settle(self, reserved: Decimal, cost: Decimal) -> None:
        """A call was answered at this cost, or refused at none."""
        self.reserved -= reserved
        self.spent += cost

    def doubt(self, reserved: Decimal) -> None:
        """A call was sent and not answered: what was set aside counts as spent."""
        self.reserved -= reserved
        self.doubtful += reserved

    @property
    def left(self) -> Decimal:
        """What may still be set aside."""
        return self.limit - self.spent - self.reserved - self.doubtful

    def summary(self) -> str:
        """One line for people."""
        parts = [f"budget: ${self.spent:.4f} of ${self.limit} spent"]
        if self.doubtful:
            parts.append(f"${self.doubtful:.4f} may have been billed for calls without an answer")
        if self.refused:
            parts.append(f"{self.refused} call{'s' if self.refused > 1 else ''} not made")
        return ", ".join(parts)
