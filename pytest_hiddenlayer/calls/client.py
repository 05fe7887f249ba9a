"""The line to one model: what lies between a strategy's question and a provider's attempt.

    cassette or cache → budget → a place among the calls in flight → attempts → price, remarks
                      → the desk of batches, which has all of these in its own way

Each of them is optional but the places and the attempts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..protocols import Provider
from ..types import Completion, Request
from .batch.batcher import Batcher
from .cache_key import cache_key_fields, call_key
from .checks import check_completion
from .limiter import AdaptiveLimiter
from .retry import RetryPolicy, complete_with_retry


class Store(Protocol):
    """Where completions are kept by the identity of their calls."""

    def get(self, identity: dict[str, Any]) -> Completion | None:
        """The completion of such a call; None where there is none."""
        ...

    def put(self, identity: dict[str, Any], completion: Completion) -> None:
        """Keep a completion, if it is one to keep."""
        ...


class Purse(Protocol):
    """Prices calls, and holds them within the budget."""

    async def reserve(self, request: Request, order: int) -> Any:
        """Set aside what a call may cost at most, lower orders first. Raises BudgetExceededError."""
        ...

    def commit(self, reserved: Any, completion: Completion) -> Completion:
        """The completion with its cost; what is left over is free again."""
        ...

    def release_or_hold(self, reserved: Any, error: BaseException) -> None:
        """No answer came."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelClient:
    """An open provider with everything that a run puts before it; fulfils the Provider protocol."""

    name: str  # the provider's registered name
    provider: Provider
    model: str
    limiter: AdaptiveLimiter
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    stores: tuple[Store, ...] = ()  # the first that knows a call answers it; all hear of every answer
    meter: Purse | None = None
    batcher: Batcher | None = None  # under --hl-batch, where the provider has batches
    endpoint: str = ""  # tells servers, and models of one name, apart
    structured: bool = False

    @classmethod
    def to(cls, name: str, provider: Provider, limiter: AdaptiveLimiter, **rest: Any) -> ModelClient:
        """The line to an open provider."""
        return cls(
            name=name,
            provider=provider,
            model=provider.model,
            limiter=limiter,
            endpoint=" ".join(filter(None, (getattr(provider, name, "") for name in ("endpoint", "fingerprint")))),
            structured=getattr(provider, "structured", False),
            **rest,
        )

    def in_order(self, order: int) -> PrioritizedClient:
        """The same line, for the case with this turn."""
        return PrioritizedClient(self, order)

    async def complete(self, request: Request, order: int = 0) -> Completion:
        """The completion, from a store or from the provider; of those that wait lower orders go first.

        Raises ProviderError.
        """
        wanted = self.stores or self.batcher is not None
        identity = cache_key_fields(self.name, self.model, self.endpoint, request) if wanted else {}
        known = next((found for store in self.stores if (found := store.get(identity)) is not None), None)
        completion = await self._fresh(identity, request, order) if known is None else known
        for store in self.stores:
            store.put(identity, completion)
        return completion

    async def _fresh(self, identity: dict[str, Any], request: Request, order: int) -> Completion:
        if self.batcher is not None:
            batched = await self.batcher.answer(call_key(identity), request, order)
            if batched is not None:
                return self._checked(request, batched)
        return await self._ask(request, order)

    async def _ask(self, request: Request, order: int) -> Completion:
        if self.meter is None:
            return self._checked(request, await self._persist(request, order))
        reserved = await self.meter.reserve(request, order)
        try:
            completion = await self._persist(request, order)
        except BaseException as error:
            self.meter.release_or_hold(reserved, error)
            raise
        return self._checked(request, self.meter.commit(reserved, completion))

    async def _persist(self, request: Request, order: int) -> Completion:
        return await complete_with_retry(
            lambda: self.provider.complete(request), self.limiter, order, self.retry_policy
        )

    def _checked(self, request: Request, completion: Completion) -> Completion:
        found = check_completion(self.model, request, completion)
        return replace(completion, warnings=(*completion.warnings, *found)) if found else completion

    async def close(self) -> None:
        """Close the provider."""
        if self.batcher is not None:
            await self.batcher.close()
        await self.provider.close()


@dataclass(frozen=True, slots=True)
class PrioritizedClient:
    """A line as one case sees it; fulfils the Provider protocol."""

    line: ModelClient
    order: int

    @property
    def model(self) -> str:
        """The line's."""
        return self.line.model

    @property
    def structured(self) -> bool:
        """The line's."""
        return self.line.structured

    async def complete(self, request: Request) -> Completion:
        """The completion, in this case's turn. Raises ProviderError."""
        return await self.line.complete(request, self.order)

    async def close(self) -> None:
        """Close the line."""
        await self.line.close()
