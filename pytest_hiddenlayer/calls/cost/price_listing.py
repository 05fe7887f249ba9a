"""Prices for people to read: of the user's price file and of genai-prices, by model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ...types import Usage
from .price_file import OwnPrice
from .prices import Prices

VENDORS = {"openai": "openai", "openai_responses": "openai", "anthropic": "anthropic"}
"""Provider → its id in genai-prices."""
_TOKENS = 1000  # of the calls that are priced: few enough for the lowest step of a price that rises with the prompt
_MTOK = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPrice:
    """One model's prices in US dollars per million tokens, and the cost of one call. None is unknown."""

    provider: str
    model: str
    input: Decimal | None
    cached_input: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None
    batch_factor: Decimal | None  # price through a batch API as a share of this one
    call: Decimal | None  # US dollars of the call that was asked about
    source: str  # "hiddenlayer-prices.yaml, since 2026-01-31" or "genai-prices 0.2.3"


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceListing:
    """Looks prices up. `input_tokens` and `output_tokens` are those of the call whose cost is shown."""

    own_prices: Sequence[OwnPrice]
    own_name: str  # of the price file
    now: datetime
    input_tokens: int = 1000
    output_tokens: int = 500

    def every(self) -> Iterator[ListedPrice]:
        """Yields every price: the entries of the user's file that apply now, then the vendors' models."""
        prices = Prices(self.own_prices)
        for entry in self.own_prices:
            if prices.own(entry.provider, entry.model, self.now.date()) is entry:
                yield self._priced(entry.provider, entry.model)
        for vendor in dict.fromkeys(VENDORS.values()):
            for model in _listed_models(vendor):
                listed = self._priced(vendor, model)
                if listed.input is not None or listed.output is not None:
                    yield listed

    def find(self, provider: str | None, model: str) -> list[ListedPrice]:
        """Returns the prices of a model, at one provider or at each that has a price for it; empty if none has."""
        providers = [*dict.fromkeys([*(price.provider for price in self.own_prices), "openai", "anthropic"])]
        found = [self._priced(name, model) for name in ([provider] if provider else providers)]
        return [price for price in found if price.input is not None or price.output is not None]

    def _priced(self, provider: str, model: str) -> ListedPrice:
        def cost(usage: Usage, *, batch: bool = False) -> Decimal | None:
            return prices.cost(provider, VENDORS.get(provider), model, usage, batch=batch, called_at=self.now)

        def per_million(usage: Usage, *, batch: bool = False) -> Decimal | None:
            amount = cost(usage, batch=batch)
            return None if amount is None else amount * _MTOK / _TOKENS

        prices = Prices(self.own_prices)
        own = prices.own(provider, model, self.now.date())
        plain = per_million(_usage(_TOKENS, 0))
        batched = per_million(_usage(_TOKENS, 0), batch=True)
        return ListedPrice(
            provider=provider,
            model=model,
            input=plain,
            cached_input=per_million(_usage(_TOKENS, 0, cached=_TOKENS)),
            cache_write=per_million(_usage(_TOKENS, 0, written=_TOKENS)),
            output=per_million(_usage(0, _TOKENS)),
            batch_factor=None if not plain or batched is None else batched / plain,
            call=cost(_usage(self.input_tokens, self.output_tokens)),
            source=f"{self.own_name}, since {own.since}" if own else f"genai-prices {list_version()}",
        )


def _usage(read: int, written_out: int, *, cached: int = 0, written: int = 0) -> Usage:
    return Usage(
        input_tokens=read,
        output_tokens=written_out,
        cached_input_tokens=cached or None,
        cache_write_tokens=written or None,
        calls=1,
    )


def list_version() -> str | None:
    """Returns the version of genai-prices; None if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("genai-prices")
    except PackageNotFoundError:
        return None


def today() -> datetime:
    """Returns the time for which prices are looked up."""
    return datetime.now(UTC)


def _listed_models(vendor: str) -> list[str]:
    """Ids of a vendor's models in genai-prices; empty if it is not installed."""
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return []
    return [model.id for provider in get_snapshot().providers if provider.id == vendor for model in provider.models]
