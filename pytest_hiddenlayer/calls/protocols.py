"""The interfaces between the parts of a model call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from ..protocols import Provider
from ..types import Completion


class Store(Protocol):
    """Stores completions by their cache key fields."""

    def get(self, key_fields: dict[str, Any]) -> Completion | None:
        """The stored completion; None if there is none."""
        ...

    def put(self, key_fields: dict[str, Any], completion: Completion) -> None:
        """Store a completion, if the store accepts it."""
        ...


class Prioritizable(ABC):
    """A client whose calls can be queued by the order of their cases.

    A base class, not a protocol: every case asks for it, and `isinstance` of a protocol looks at
    each of its members again.
    """

    __slots__ = ()

    @abstractmethod
    def prioritized(self, order: int) -> Provider:
        """The same client for the case with this order; lower orders are served first."""


def prioritized(provider: Provider, order: int) -> Provider:
    """The provider for the case with this order; unchanged if it has no queue, such as one from a fixture."""
    return provider.prioritized(order) if isinstance(provider, Prioritizable) else provider
