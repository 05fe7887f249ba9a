"""The client of one model: everything between a strategy's request and a provider's attempt.

    cassette or cache → budget → limiter → attempts → price, checks
                      → batcher, which has its own budget and attempts

Every synchronous call passes the limiter and the attempts; the other steps depend on the options.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from inspect import isawaitable
from typing import Any
from urllib.parse import urlsplit

from ..errors import HiddenLayerError, ProviderError, TransientError
from ..extensions.errors import describe_error
from ..protocols import Provider, ProviderCapabilities, capabilities_of, close_provider
from ..types import Completion, Request
from .access import Access
from .batch.batcher import Batcher
from .cache_key import cache_key_fields, call_key
from .checks import check_completion
from .cost.meter import CostMeter
from .endpoints.pool import EndpointPool
from .limiter import AdaptiveLimiter
from .plain_completion import plain_completion
from .protocols import Prioritizable, Store
from .reported_values import checked_completion
from .retry import OnFailure, RetryPolicy, complete_with_retry, response_lost

Admit = Callable[[], Awaitable[None]]
"""Called when an attempt has its slot of the limiter. Raises BudgetExceededError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelClient(Prioritizable):
    """An open provider with the run's stores, budget, limiter and retries; implements Provider."""

    name: str  # the provider's registered name
    provider: Provider
    model: str
    limiter: AdaptiveLimiter
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    stores: tuple[Store, ...] = ()  # the first that has a completion returns it; each completion is put into all
    meter: CostMeter | None = None
    access: Access = field(default_factory=Access)
    endpoints: EndpointPool | None = None  # several servers of the model, each with its own limiter
    batcher: Batcher | None = None  # under --hl-batch, if the provider has a batch API
    endpoint: str = ""  # URL and fingerprint; distinguishes servers, and models of one name
    capabilities: ProviderCapabilities = field(default_factory=ProviderCapabilities)

    @classmethod
    def for_provider(cls, name: str, provider: Provider, limiter: AdaptiveLimiter, **rest: Any) -> ModelClient:
        """The client of an open provider."""
        capabilities = capabilities_of(provider)
        return cls(
            name=name,
            provider=provider,
            model=provider.model,
            limiter=limiter,
            endpoint=" ".join(filter(None, (capabilities.endpoint, capabilities.fingerprint))),
            capabilities=capabilities,
            **rest,
        )

    @property
    def bound(self) -> int:
        """The number of calls that may be in flight now."""
        return self.limiter.bound if self.endpoints is None else self.endpoints.bound

    @property
    def _asked(self) -> str:
        """The model, and its server if it has one address, as messages name them."""
        host = "" if self.endpoints is not None else urlsplit(self.capabilities.endpoint).netloc
        return f"{self.name}:{self.model} at {host}" if host else f"{self.name}:{self.model}"

    def prioritized(self, order: int) -> PrioritizedClient:
        """This client for the case with this order."""
        return PrioritizedClient(self, order)

    async def complete(self, request: Request, order: int = 0) -> Completion:
        """Return the completion, from a store or from the provider. Waiting calls with lower orders go first.

        Raises ProviderError.
        """
        needs_key = self.stores or self.batcher is not None
        key_fields = cache_key_fields(self.name, self.model, self.endpoint, request) if needs_key else {}
        stored = next((hit for store in self.stores if (hit := store.get(key_fields)) is not None), None)
        completion = await self._fresh(key_fields, request, order) if stored is None else stored
        for store in self.stores:
            store.put(key_fields, completion)
        return completion

    async def _fresh(self, key_fields: dict[str, Any], request: Request, order: int) -> Completion:
        self.access.check()
        if self.batcher is not None:
            batched = await self.batcher.answer(call_key(key_fields), request, order)
            if batched is not None:
                return self._checked(request, batched)
        return await self._call(request, order)

    async def _call(self, request: Request, order: int) -> Completion:
        if self.meter is None:
            return self._checked(request, await self._attempt(request, order))
        meter = self.meter
        reserved, lost = await meter.reserve(request, order), 0

        async def admit() -> None:
            nonlocal reserved
            reserved = reserved or await meter.reserve_admitted(order)

        async def reserve_again(error: TransientError) -> None:
            nonlocal reserved, lost
            if not response_lost(error):
                return
            meter.release_or_hold(reserved, error)
            reserved, lost = Decimal(0), lost + 1
            reserved = await meter.reserve(request, order)

        try:
            completion = await self._attempt(request, order, reserve_again, admit)
        except BaseException as error:
            meter.release_or_hold(reserved, error)
            raise
        return self._checked(request, meter.commit(reserved, completion, lost))

    async def _attempt(
        self, request: Request, order: int, on_failure: OnFailure | None = None, admit: Admit | None = None
    ) -> Completion:
        lease = None if self.endpoints is None else self.endpoints.lease(request)
        slots, complete = (self.limiter, self.provider.complete) if lease is None else (lease, lease.complete)
        return await complete_with_retry(
            lambda: self._attempt_once(request, complete, admit),
            slots,
            order,
            self.retry_policy,
            on_failure,
            self._asked,
        )

    async def _attempt_once(
        self, request: Request, complete: Callable[[Request], Any], admit: Admit | None
    ) -> Completion:
        """One attempt. An exception that no provider should raise becomes a ProviderError with its file and line."""
        self.access.check()
        if admit is not None:
            await admit()
        try:
            answer = complete(request)
            returned = await answer if isawaitable(answer) else answer
            completion = checked_completion(plain_completion(returned), self.model)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except ProviderError as error:
            self.access.on_error(error)
            raise
        except HiddenLayerError:
            raise
        except BaseException as error:  # a user's provider may raise anything, SystemExit and pytest.skip included
            raise ProviderError(f"provider {self.name!r} raised {describe_error(error)}") from error
        self.access.on_answer()
        return completion

    def _checked(self, request: Request, completion: Completion) -> Completion:
        warnings = check_completion(self.model, request, completion)
        return replace(completion, warnings=(*completion.warnings, *warnings)) if warnings else completion

    async def close(self) -> None:
        """Close the batcher and the provider."""
        if self.batcher is not None:
            await self.batcher.close()
        others = () if self.endpoints is None else [e.provider for e in self.endpoints.endpoints]
        for provider in dict.fromkeys([self.provider, *others]):
            await close_provider(provider)


@dataclass(frozen=True, slots=True)
class PrioritizedClient:
    """A model's client as one case uses it; implements Provider."""

    client: ModelClient
    order: int

    @property
    def model(self) -> str:
        """The client's model."""
        return self.client.model

    @property
    def capabilities(self) -> ProviderCapabilities:
        """The client's capabilities."""
        return self.client.capabilities

    async def complete(self, request: Request) -> Completion:
        """Return the completion, queued by this case's order. Raises ProviderError."""
        return await self.client.complete(request, self.order)

    async def close(self) -> None:
        """Close the client."""
        await self.client.close()
