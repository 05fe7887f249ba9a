"""The open models of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import HiddenLayerError
from ..extensions.errors import describe_error
from ..options import RunOptions
from ..protocols import Provider, close_provider
from ..types import ModelName
from .batch.batcher import Batcher
from .batch.ledger import BATCHES
from .broker.budget import BrokerBudget
from .broker.client import BrokerClient
from .client import ModelClient
from .cost.budget import Budget
from .event_loop import EventLoopThread
from .factory import client_for, open_client
from .resources import RunResources


class ModelPool:
    """One open provider per model. Providers are opened on first use, and shared by all threads."""

    def __init__(
        self,
        options: RunOptions,
        event_loop: EventLoopThread,
        *,
        broker: BrokerClient | None = None,
        batches: Path = BATCHES,
        notify: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.event_loop = event_loop
        self._options = options
        self._broker = broker  # another process that holds the models
        self._batches = batches  # folder of the batch ledger
        self._notify = notify
        self._resources: RunResources | None = None
        self._opening = threading.RLock()
        self._providers: dict[ModelName, Provider | HiddenLayerError] = {}

    @property
    def opened_any(self) -> bool:
        """Whether any model was opened, or failed to open."""
        return bool(self._providers)

    def provider(self, name: ModelName) -> Provider:
        """The open provider of a model. If opening it failed, every call raises that error again."""
        with self._opening:
            if name not in self._providers:
                try:
                    self._providers[name] = self._open(name)
                except HiddenLayerError as error:
                    self._providers[name] = error
            provider = self._providers[name]
        if isinstance(provider, HiddenLayerError):
            raise provider.with_traceback(None)  # or each raise adds to the traceback of the last one
        return provider

    def opened(self, name: ModelName) -> Provider | None:
        """The provider of a model if it is open already, else None."""
        provider = self._providers.get(name)
        return None if isinstance(provider, HiddenLayerError) else provider

    @property
    def concurrency(self) -> int:
        """The highest number of calls that one model may have in flight now."""
        bounds = [client.bound for client in self._clients()]
        return max(bounds, default=self._options.concurrency or 0)

    @property
    def budget(self) -> Budget | None:
        """The run's budget; None if it has none, or nothing was opened."""
        return None if self._resources is None else self._resources.budget

    @property
    def local_models(self) -> dict[str, Any] | None:
        """Memory of the models that were loaded in this process; None if there were none."""
        return None if self._resources is None else self._resources.local_models.to_json()

    def pending_batches(self) -> list[str]:
        """One sentence for each batch that was sent and not collected."""
        return [text for batcher in self._batchers() for text in batcher.pending_batches()]

    def release_batches(self) -> None:
        """Delete what the ledger keeps for records that are on disk now."""

        async def on_loop() -> None:
            for batcher in self._batchers():
                batcher.release()

        if any(self._batchers()):
            self.event_loop.run(on_loop())

    async def close(self) -> None:
        """Close the providers, the connection to the broker and what the models share."""
        for name, provider in self._providers.items():
            if not isinstance(provider, HiddenLayerError):
                await self._close(name, provider)
        self._providers.clear()
        if self._broker is not None:
            await self._broker.close()
        if self._resources is not None:
            self._resources.close()

    async def _close(self, name: ModelName, provider: Provider) -> None:
        """Close a provider. The results of the run do not depend on it, so that an exception becomes a message."""
        try:
            await close_provider(provider)
        except Exception as error:  # a user's provider may raise anything
            self._notify(f"provider {str(name)!r}: closing it raised {describe_error(error)}")

    def _open(self, name: ModelName) -> Provider:
        remote = None if self._broker is None else self.event_loop.run(self._broker.open(name))
        if remote is not None:
            return remote
        return open_client(name, self._options, self._open_resources())

    def client_for(self, name: ModelName, provider: Provider) -> ModelClient:
        """A client of a provider that is open already, with the limits, budget, cache and prices of this pool."""
        with self._opening:
            return client_for(name, provider, self._options, self._open_resources())

    def _open_resources(self) -> RunResources:
        if self._resources is None:
            self._resources = self.make_resources()
        return self._resources

    def make_resources(self) -> RunResources:
        """What the models share: prices, budget, cache, cassettes."""
        resources = RunResources(self._options, self._batches, self._notify)
        if self._broker is not None and resources.budget is not None:
            resources.budget = BrokerBudget(limit=resources.budget.limit, broker=self._broker)
        return resources

    def shared_budget(self) -> Budget | None:
        """The run's budget, for calls that another process makes itself; None if it has none."""
        if self._resources is not None:
            return self._resources.budget
        with self._opening:
            return self._open_resources().budget

    def _clients(self) -> list[ModelClient]:
        return [provider for provider in self._providers.values() if isinstance(provider, ModelClient)]

    def _batchers(self) -> list[Batcher]:
        return [client.batcher for client in self._clients() if client.batcher is not None]
