"""What all clients of a run share: prices, the budget, the response cache and the cassettes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..local_models import LocalModels
from ..options import RunOptions
from ..protocols import Provider, ProviderCapabilities, capabilities_of
from ..providers.http.addresses import is_loopback
from ..types import Completion
from .access import Access
from .batch.batcher import FLUSH_AFTER_S, Batcher
from .batch.ledger import BATCHES, Ledger
from .batch.messages import no_batch_message
from .cache.response_cache import ResponseCache
from .cache.sqlite import default_path
from .cassettes.replayer import Recorder, Replayer
from .cost.budget import Budget
from .cost.meter import CostMeter, is_free
from .cost.price_file import read_own_prices
from .cost.prices import Prices
from .protocols import Store


@dataclass(slots=True)
class RunResources:
    """Created with the first model that is opened; closed with the run."""

    options: RunOptions
    batches: Path = BATCHES  # folder of the batch ledger
    notify: Callable[[str], None] = lambda text: None  # receives messages for the user during the run
    prices: Prices = field(init=False)
    budget: Budget | None = field(init=False)
    cache: ResponseCache | None = None
    recorder: Recorder | None = None
    replayer: Replayer | None = None
    local_models: LocalModels = field(init=False)
    _refused: dict[str, str] = field(default_factory=dict)  # servers that refused the key

    def __post_init__(self) -> None:
        options = self.options
        self.prices = Prices(read_own_prices(options.prices) if options.prices is not None else ())
        self.budget = None if options.budget_usd is None else Budget.after(options.budget_usd, options.spent_usd)
        self.local_models = LocalModels(options.model_memory, self.notify)
        self.recorder = None if options.record is None else Recorder(options.record)
        self.replayer = None if options.replay is None else Replayer(options.replay)

    def stores(self, provider: Provider) -> tuple[Store, ...]:
        """The stores of the provider's completions: the response cache and the recorder, if the options ask for them.

        With `cache=seeded` only answers of servers are cached, with `cache=all` those of every provider.
        A server that does not identify the weights behind a name is never cached.
        """
        stores: list[Store] = []
        capabilities = capabilities_of(provider)
        if self._caches(capabilities):
            if self.cache is None:
                self.cache = ResponseCache(default_path(), "all" if self.options.cache == "all" else "seeded")
            stores.append(_CacheStore(self.cache, capabilities.deterministic))
        if self.recorder is not None:
            stores.append(_RecorderStore(self.recorder))
        return tuple(stores)

    def _caches(self, capabilities: ProviderCapabilities) -> bool:
        if not capabilities.endpoint:
            return self.options.cache == "all"
        at_vendor = capabilities.price_list is not None and not is_loopback(capabilities.endpoint)
        return self.options.cache in ("all", "seeded") and bool(capabilities.fingerprint or at_vendor)

    def meter(self, name: str, provider: Provider) -> CostMeter:
        """The meter of the provider's calls; `name` is the provider's registered name."""
        capabilities = capabilities_of(provider)
        free = is_free(capabilities.price_list, capabilities.endpoint)
        return CostMeter(
            prices=self.prices,
            provider=name,
            price_list=capabilities.price_list,
            model=provider.model,
            free=free and not self.prices.has_own(name, provider.model),
            budget=self.budget,
            default_max_tokens=capabilities.max_tokens,
            min_tokens=capabilities.min_tokens,
        )

    def access(self, name: str, provider: Provider) -> Access:
        """The access to the provider's server, which its other models share."""
        return Access(refused=self._refused, server=f"{name} {capabilities_of(provider).endpoint}")

    def batcher(self, name: str, provider: Provider, meter: CostMeter) -> Batcher | None:
        """The provider's batcher; None without --hl-batch, and if the provider has no batch API.

        Raises UsageError if a file of the batch ledger cannot be read.
        """
        if not self.options.batch:
            return None
        capabilities, subject = capabilities_of(provider), f"{name}:{provider.model}"
        if capabilities.batch_api is None:
            self.notify(no_batch_message(subject))
            return None
        ledger = Ledger(self.batches, name, provider.model, capabilities.endpoint)
        return Batcher(
            capabilities.batch_api,
            ledger,
            subject,
            meter=replace(meter, batch=True),
            notify=self.notify,
            quiet_s=FLUSH_AFTER_S,
        )

    def close(self) -> None:
        """Write what is buffered and close the files."""
        if self.cache is not None:
            self.cache.close()
        if self.recorder is not None:
            self.recorder.close()


@dataclass(frozen=True, slots=True)
class _CacheStore:
    cache: ResponseCache
    deterministic: bool

    def get(self, key_fields: dict[str, Any]) -> Completion | None:
        return self.cache.get(key_fields)

    def put(self, key_fields: dict[str, Any], completion: Completion) -> None:
        self.cache.put(key_fields, completion, self.deterministic)


@dataclass(frozen=True, slots=True)
class _RecorderStore:
    recorder: Recorder

    def get(self, key_fields: dict[str, Any]) -> Completion | None:
        return None

    def put(self, key_fields: dict[str, Any], completion: Completion) -> None:
        self.recorder.add(key_fields, completion)
