"""What a call costs: by the user's price file, else by genai-prices; unknown is None, never 0.

`input_tokens` includes tokens read from and written to a provider's cache; `output_tokens`
includes reasoning. genai-prices counts the same way. Its batch prices have the key `processing`;
a wrong key would silently return the full price.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ...types import Message, Usage
from .price_file import OwnPrice

BATCH_FACTOR = Decimal("0.5")
"""The batch price as a share of the price, at both vendors, for models whose batch price genai-prices does not list.

https://developers.openai.com/api/docs/pricing and https://platform.claude.com/docs/en/about-claude/pricing,
November 2026: half of the standard price of input and output.
"""
_BYTES_PER_TOKEN = 2  # of a prompt; texts have 3 or more, so that the estimate is an upper bound
_TOKENS_PER_MESSAGE = 16  # around its text
_MAX_OUTPUT = 4096  # tokens, if neither the request nor the provider has a limit


class Prices:
    """Prices of the user's file and of genai-prices."""

    def __init__(self, own_prices: Sequence[OwnPrice] = ()) -> None:
        self._own_prices = own_prices
        self._listed: Any = None  # the module genai_prices; False if it is not installed

    def cost(
        self,
        provider: str,
        price_list: str | None,
        model: str,
        usage: Usage,
        *,
        batch: bool = False,
        called_at: datetime | None = None,
    ) -> Decimal | None:
        """US dollars of a call; None if its price or tokens are unknown.

        `provider` is the registered name, used in the user's file; `price_list` is the provider's
        id in genai-prices.
        """
        when = called_at or datetime.now(UTC)
        own_price = self.own(provider, model, when.date())
        if own_price is not None:
            return own_price.cost(usage, batch=batch)
        if price_list is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        return self._listed_cost(price_list, model, usage, batch, when)

    def ceiling(
        self,
        provider: str,
        price_list: str | None,
        model: str,
        messages: Sequence[Message],
        max_tokens: int | None,
        *,
        batch: bool = False,
    ) -> Decimal | None:
        """Estimate of the most that a call may cost, in US dollars; None if its price is unknown.

        Without `max_tokens`, 4096 tokens of output are assumed.
        """
        size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
        usage = Usage(
            input_tokens=size // _BYTES_PER_TOKEN + _TOKENS_PER_MESSAGE * len(messages),
            output_tokens=max_tokens or _MAX_OUTPUT,
            calls=1,
        )
        return self.cost(provider, price_list, model, usage, batch=batch)

    def own(self, provider: str, model: str, day: date) -> OwnPrice | None:
        """The user's price for a model: the newest that applies on that day."""
        prices = [price for price in self._own_prices if price.matches(provider, model) and price.since <= day]
        return max(prices, key=lambda price: price.since, default=None)

    def has_own(self, provider: str, model: str) -> bool:
        """Whether the user's file has any price for a model."""
        return any(price.matches(provider, model) for price in self._own_prices)

    def _listed_cost(self, price_list: str, model: str, usage: Usage, batch: bool, when: datetime) -> Decimal | None:
        if self._listed is None:
            try:
                import genai_prices

                self._listed = genai_prices
            except ImportError:
                self._listed = False
        if not self._listed:
            return None
        counts = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        }
        tokens = self._listed.Usage(**{name: value for name, value in counts.items() if value is not None})

        def total(**context: str) -> Decimal:
            price = self._listed.calc_price(
                tokens,
                model_ref=model,
                provider_id=price_list,
                genai_request_timestamp=when,
                price_context=context or None,
            )
            return Decimal(price.total_price)

        try:
            standard = total()
            if not batch:
                return standard
            batched = total(processing="batch")
        except LookupError:
            return None
        return batched if batched < standard else standard * BATCH_FACTOR
