"""What all lines of a run share: prices, the budget, the response cache and the cassettes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..options import RunOptions
from ..protocols import Provider
from ..types import Completion
from .batch.batcher import FLUSH_AFTER_S, Batcher, without
from .batch.ledger import BATCHES, Ledger
from .cache.response_cache import ResponseCache
from .cache.sqlite import default_path
from .cassettes.replayer import Recorder, Replayer
from .client import Store
from .cost.budget import Budget
from .cost.meter import CostMeter, is_free
from .cost.price_file import read_own_prices
from .cost.prices import Prices


@dataclass(slots=True)
class RunResources:
    """Opened with the first line that needs them; closed with the run."""

    options: RunOptions
    batches: Path = BATCHES  # folder of what is known of sent batches
    notify: Callable[[str], None] = lambda text: None  # what people should know while the run lasts
    prices: Prices = field(init=False)
    budget: Budget | None = field(init=False)
    cache: ResponseCache | None = None
    recorder: Recorder | None = None
    replayer: Replayer | None = None

    def __post_init__(self) -> None:
        options = self.options
        self.prices = Prices(read_own_prices(options.prices) if options.prices is not None else ())
        self.budget = None if options.budget_usd is None else Budget(limit=options.budget_usd)
        self.recorder = None if options.record is None else Recorder(options.record)
        self.replayer = None if options.replay is None else Replayer(options.replay)

    def stores(self, provider: Provider) -> tuple[Store, ...]:
        """Where a line looks first, and keeps what it asked: servers' answers by default, all with `cache=all`."""
        found: list[Store] = []
        server = getattr(provider, "endpoint", "")
        if self.options.cache == "all" or (self.options.cache == "seeded" and server):
            if self.cache is None:
                self.cache = ResponseCache(default_path(), "all" if self.options.cache == "all" else "seeded")
            found.append(_Cached(self.cache, getattr(provider, "seeded", False)))
        if self.recorder is not None:
            found.append(_Recorded(self.recorder))
        return tuple(found)

    def meter(self, name: str, provider: Provider) -> CostMeter:
        """What prices the calls of a line."""
        price_list = getattr(provider, "price_list", None)
        free = is_free(price_list, getattr(provider, "endpoint", "")) and not self.prices.has_own(
            name, provider.model
        )
        return CostMeter(
            prices=self.prices,
            provider=name,
            price_list=price_list,
            model=provider.model,
            free=free,
            budget=self.budget,
        )

    def batcher(self, name: str, provider: Provider, meter: CostMeter) -> Batcher | None:
        """What sends a line's calls in batches, where the user wants it and the provider can.

        Raises UsageError for a file in the folder of batches that cannot be read.
        """
        if not self.options.batch:
            return None
        full, api = f"{name}:{provider.model}", getattr(provider, "batches", None)
        if api is None:
            self.notify(without(full))
            return None
        ledger = Ledger(self.batches, name, provider.model, getattr(provider, "endpoint", ""))
        return Batcher(api, ledger, full, meter=replace(meter, batch=True), notify=self.notify, quiet_s=FLUSH_AFTER_S)

    def close(self) -> None:
        """Write what is not written yet."""
        if self.cache is not None:
            self.cache.close()
        if self.recorder is not None:
            self.recorder.close()


@dataclass(frozen=True, slots=True)
class _Cached:
    cache: ResponseCache
    seeded: bool

    def get(self, identity: dict[str, Any]) -> Completion | None:
        return self.cache.get(identity)

    def put(self, identity: dict[str, Any], completion: Completion) -> None:
        self.cache.put(identity, completion, self.seeded)


@dataclass(frozen=True, slots=True)
class _Recorded:
    recorder: Recorder

    def get(self, identity: dict[str, Any]) -> Completion | None:
        return None

    def put(self, identity: dict[str, Any], completion: Completion) -> None:
        self.recorder.add(identity, completion)
