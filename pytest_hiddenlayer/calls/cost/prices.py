"""What a call costs: the user's own dated prices first, then those of genai-prices; unknown is None, never 0.

`input_tokens` counts all input, what was read from and written to a provider's cache
included; `output_tokens` counts reasoning. genai-prices counts the same way, and knows batch
prices under the key `processing`: a key that it does not know would silently bill full price.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ...types import Request, Usage
from .price_file import OwnPrice

BATCH_FACTOR = Decimal("0.5")
"""Of both vendors that have batch APIs, for models whose batch price genai-prices does not list.

https://developers.openai.com/api/docs/pricing and https://platform.claude.com/docs/en/about-claude/pricing,
November 2026: half of the ordinary price of input and output.
"""
_BYTES_A_TOKEN = 2  # of a prompt: texts have three and more, so that this errs on the safe side
_A_MESSAGE = 16  # tokens around a message
_OUTPUT = 4096  # tokens, where nobody bounds the answer


class Prices:
    """Prices calls of a day."""

    def __init__(self, own: Sequence[OwnPrice] = ()) -> None:
        self._own = own
        self._listed: Any = None  # genai-prices' functions; False where it is not installed

    def cost(
        self,
        provider: str,
        price_list: str | None,
        model: str,
        usage: Usage,
        *,
        batch: bool = False,
        at: datetime | None = None,
    ) -> Decimal | None:
        """US dollars of a call; None where price or tokens are unknown.

        `provider` is the registered name, by which the user's own prices are found,
        `price_list` the provider's id in genai-prices.
        """
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        when = at or datetime.now(UTC)
        own = self.own(provider, model, when.date())
        if own is not None:
            return own.cost(usage, batch=batch)
        return None if price_list is None else self._of_list(price_list, model, usage, batch, when)

    def ceiling(
        self, provider: str, price_list: str | None, model: str, request: Request, *, batch: bool = False
    ) -> Decimal | None:
        """About the most that a call may cost, before it is made; None where its price is unknown."""
        size = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
        usage = Usage(
            input_tokens=size // _BYTES_A_TOKEN + _A_MESSAGE * len(request.messages),
            output_tokens=request.params.max_tokens or _OUTPUT,
            calls=1,
        )
        return self.cost(provider, price_list, model, usage, batch=batch)

    def own(self, provider: str, model: str, day: date) -> OwnPrice | None:
        """The user's price for a model: the newest that holds on that day."""
        found = [one for one in self._own if one.fits(provider, model) and one.since <= day]
        return max(found, key=lambda one: one.since, default=None)

    def has_own(self, provider: str, model: str) -> bool:
        """Whether the user gave a model any price."""
        return any(one.fits(provider, model) for one in self._own)

    def _of_list(self, price_list: str, model: str, usage: Usage, batch: bool, when: datetime) -> Decimal | None:
        if self._listed is None:
            try:
                import genai_prices

                self._listed = genai_prices
            except ImportError:
                self._listed = False
        if not self._listed:
            return None
        known = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        }
        tokens = self._listed.Usage(**{name: value for name, value in known.items() if value is not None})

        def total(**context: str) -> Decimal:
            found = self._listed.calc_price(
                tokens,
                model_ref=model,
                provider_id=price_list,
                genai_request_timestamp=when,
                price_context=context or None,
            )
            return Decimal(found.total_price)

        try:
            full = total()
            if not batch:
                return full
            reduced = total(processing="batch")
        except LookupError:
            return None
        return reduced if reduced < full else full * BATCH_FACTOR
