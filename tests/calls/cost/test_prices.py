"""A listed price equals the hand-computed one; an unknown price is None."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.usage import used

from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.types import Usage

pytest.importorskip("genai_prices", reason="the extra `prices` is not installed")
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def test_cached_input_of_openai():
    """gpt-5-mini, $0.25 in, $0.025 cached, $2 out per million: 800, 200 and 100 tokens cost $0.000405."""
    found = Prices().cost("openai", "openai", "gpt-5-mini", used(cached=200), called_at=DAY)
    assert found == Decimal("0.000405")


def test_cache_reads_and_writes_of_anthropic():
    """claude-sonnet-4-5, $3, $0.30 read, $3.75 written, $15 out: 700, 200, 100 and 100 tokens cost $0.004035."""
    found = Prices().cost("anthropic", "anthropic", "claude-sonnet-4-5", used(cached=200, written=100), called_at=DAY)
    assert found == Decimal("0.004035")


def test_a_long_context_costs_its_tier():
    """claude-sonnet-4-5 above 200 000 tokens of input doubles the input's price."""
    prices = Prices()
    short = prices.cost("a", "anthropic", "claude-sonnet-4-5", used(200_000, 0), called_at=DAY)
    long = prices.cost("a", "anthropic", "claude-sonnet-4-5", used(400_000, 0), called_at=DAY)
    assert (short, long) == (Decimal("0.6"), Decimal("2.4"))


@pytest.mark.parametrize(("price_list", "model"), [("openai", "gpt-5-mini"), ("anthropic", "claude-haiku-4-5")])
def test_a_batch_costs_half(price_list, model):
    """Both vendors charge half through their batch APIs."""
    full, half = (
        Prices().cost("x", price_list, model, used(), batch=batch, called_at=DAY) for batch in (False, True)
    )
    assert half == full / 2 > 0


@pytest.mark.parametrize(
    ("price_list", "model", "usage"),
    [("openai", "no-such-model", used()), (None, "gpt-5-mini", used()), ("openai", "gpt-5-mini", Usage(calls=1)),
     ("openai", "gpt-5-mini", used(output_tokens=None))],
)  # fmt: skip
def test_unknown_is_none(price_list, model, usage):
    """An unknown model, a server without price list, and unknown tokens have no cost."""
    assert Prices().cost("openai", price_list, model, usage, called_at=DAY) is None
