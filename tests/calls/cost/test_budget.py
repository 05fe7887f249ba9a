"""The budget holds its limit; unknown costs are never 0."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage import used

from pytest_hiddenlayer.calls.cost.budget import Budget
from pytest_hiddenlayer.calls.cost.meter import CostMeter, is_free
from pytest_hiddenlayer.calls.cost.price_file import read_own_prices
from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.errors import BudgetExceededError, ProviderError, TransientError
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

pytest.importorskip("genai_prices", reason="needs genai-prices: pip install genai-prices")
DAY = datetime(2026, 11, 1, tzinfo=UTC)


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(["settle", "doubt", "refuse"]), st.integers(0, 60)), max_size=40
    ),
    st.randoms(use_true_random=False),
)
def test_the_limit_holds_in_any_order(calls, random):
    """In any order, spending exceeds the limit by no more than calls cost above their reservations."""
    budget, open_, excess = Budget(limit=Decimal(100)), [], Decimal(0)
    for most, how, cost in calls:
        try:
            open_.append((budget.reserve(Decimal(most)), how, Decimal(cost)))
        except BudgetExceededError:
            assert budget.left < most
        if open_ and random.random() < 0.6:
            excess += end(budget, *open_.pop(random.randrange(len(open_))))
        assert budget.spent + budget.unconfirmed + budget.reserved <= 100 + excess
    for one in open_:
        excess += end(budget, *one)
    assert budget.reserved == 0
    assert budget.spent + budget.unconfirmed <= 100 + excess


def end(budget: Budget, reserved: Decimal, how: str, cost: Decimal) -> Decimal:
    """End a call; return by how much its cost exceeds its reservation."""
    if how == "doubt":
        budget.mark_unconfirmed(reserved)
        return Decimal(0)
    actual = cost if how == "settle" else Decimal(0)
    budget.commit(reserved, actual)
    return max(Decimal(0), actual - reserved)


def test_a_call_waits_until_others_settle():
    """100 calls that may cost $1 and cost 1 cent are all made within $2, oldest first."""
    budget, done, most = Budget(limit=Decimal(2)), [], Decimal(0)

    async def call(order: int) -> None:
        nonlocal most
        reserved = await budget.reserve_in_turn(Decimal(1), order)
        most = max(most, budget.spent + budget.reserved)
        await asyncio.sleep(0)
        budget.commit(reserved, Decimal("0.01"))
        done.append(order)

    async def all_of_them() -> None:
        await asyncio.gather(*(call(order) for order in reversed(range(100))))

    asyncio.run(all_of_them())
    assert budget.spent == 1
    assert most <= 2
    assert done == [99, 98, *range(98)]  # two fit at once; the rest in turn
    assert budget.refused == 0


def test_a_call_that_cannot_fit_does_not_wait():
    """Waiting calls fail at once if too little is left; a cancelled one releases its reservation."""
    budget = Budget(limit=Decimal(2))

    async def story() -> tuple[bool, object, object]:
        first = await budget.reserve_in_turn(Decimal(2))
        waiting = [asyncio.ensure_future(budget.reserve_in_turn(Decimal(1))) for _ in range(3)]
        await asyncio.sleep(0)
        waited = not any(one.done() for one in waiting)
        budget.commit(first, Decimal("0.5"))
        waiting[0].cancel()
        second = await waiting[1]
        budget.commit(second, Decimal("0.75"))
        return waited, second, (await asyncio.gather(waiting[2], return_exceptions=True))[0]

    waited, fits, refused = asyncio.run(asyncio.wait_for(story(), 60))
    assert waited
    assert fits == 1
    assert isinstance(refused, BudgetExceededError)
    assert str(refused).endswith("; raise the budget, or lower max_tokens")
    assert (budget.spent, budget.reserved, budget.refused) == (Decimal("1.25"), 0, 1)


def meter(budget=None, price_list="openai", model="gpt-5-mini", free=False) -> CostMeter:
    return CostMeter(prices=Prices(), provider="openai", price_list=price_list, model=model, free=free, budget=budget)


ASKED = Request(messages=(Message(role="user", content="x" * 400),), params=GenerationConfig(max_tokens=100), seed=1)


def answered(cost=None, usage=None) -> Completion:
    return Completion(
        text="y", finish_reason="stop", usage=usage or used(), latency_s=0, model="gpt-5-mini", cost_usd=cost
    )


def test_a_call_is_settled_at_its_price():
    """The reservation is released, and the completion has its cost."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    assert budget.reserved == reserved > 0
    assert one.commit(reserved, answered()).cost_usd == 0.00045
    assert (budget.reserved, budget.spent) == (0, Decimal("0.000450"))


def test_an_unknown_price_is_refused_under_a_budget():
    """Without a budget the cost is unknown; with one the call is refused."""
    assert meter(price_list=None).commit(Decimal(0), answered()).cost_usd is None
    with pytest.raises(ProviderError, match="the price of openai:strange is unknown"):
        asyncio.run(meter(Budget(limit=Decimal(1)), model="strange").reserve(ASKED))


def test_a_call_at_another_price_than_the_lists_has_no_cost(tmp_path):
    """Its cost is unknown with the reason, and its reservation counts; a price in the user's file applies."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    other = replace(answered(), price_unknown="served at the tier 'priority'")
    completion = one.commit(reserved, other)
    assert (completion.cost_usd, budget.spent) == (None, reserved)
    assert completion.warnings[0].startswith("served at the tier 'priority': the cost is unknown")
    path = tmp_path / "prices.yaml"
    path.write_text("prices: [{provider: openai, model: gpt-5-mini, since: 2026-01-01, input: 1, output: 2}]")
    own = replace(one, prices=Prices(read_own_prices(path)), budget=None).commit(Decimal(0), other)
    assert own.cost_usd == 0.0012
    assert own.warnings == ("served at the tier 'priority': the cost is that of your price file",)


@pytest.mark.parametrize(("limit", "tokens"), [(1, 16), (15, 16), (16, 16), (17, 17), (None, 4096)])
def test_the_reservation_assumes_the_limit_that_is_sent(limit, tokens):
    """A provider that raises a small limit to its least one reserves what that may cost."""
    asked = replace(ASKED, params=GenerationConfig(max_tokens=limit))
    sent = replace(ASKED, params=GenerationConfig(max_tokens=tokens))
    reserved, expected = (
        asyncio.run(replace(meter(Budget(limit=Decimal(1))), min_tokens=least).reserve(request))
        for least, request in ((16, asked), (1, sent))
    )
    assert reserved == expected > 0


@pytest.mark.parametrize(
    "tokens", [{"input_tokens": None}, {"output_tokens": None}, {"input_tokens": None, "output_tokens": None}]
)
@pytest.mark.parametrize("said", [None, 0.0])
def test_a_priced_call_without_tokens_has_no_cost(tokens, said):
    """A model with a price never costs $0 because tokens are missing: its reservation counts, and the run says so."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    assert one.commit(reserved, answered(said, used(**tokens))).cost_usd is None
    assert (budget.reserved, budget.spent) == (0, reserved)
    assert "the cost of 1 call is unknown and counts as the most it may be" in budget.summary()


def test_a_price_in_the_users_file_replaces_the_zero_of_a_local_server(tmp_path):
    """A proxy on this machine whose model has a price, applicable today or not, is never free without tokens."""
    path = tmp_path / "prices.yaml"
    for since, with_tokens in (("2026-01-01", 0.0012), ("2999-01-01", None)):
        path.write_text(f"prices: [{{provider: openai, model: m, since: {since}, input: 1, output: 2}}]")
        prices = Prices(read_own_prices(path))
        one = CostMeter(prices=prices, provider="openai", price_list=None, model="m", free=False)
        assert one.commit(Decimal(0), answered(0.0)).cost_usd == with_tokens
        assert one.commit(Decimal(0), answered(0.0, used(None, None))).cost_usd is None


def test_a_price_of_zero_needs_no_tokens(tmp_path):
    """A model that the user's file calls free costs $0, tokens or not."""
    path = tmp_path / "prices.yaml"
    path.write_text("prices: [{provider: openai, model: m, since: 2026-01-01, input: 0, output: 0}]")
    one = CostMeter(prices=Prices(read_own_prices(path)), provider="openai", price_list=None, model="m", free=False)
    assert one.commit(Decimal(0), answered(None, used(None, None))).cost_usd == 0.0


def test_a_negative_cost_gives_nothing_back():
    """No answer enlarges a budget."""
    budget = Budget(limit=Decimal(1))
    budget.commit(budget.reserve(Decimal("0.5")), Decimal(-5))
    assert (budget.spent, budget.left) == (0, 1)


def test_local_calls_cost_nothing():
    """Calls in this process and on this machine are free, others are not."""
    one = meter(Budget(limit=Decimal("0.000001")), price_list=None, free=True)
    assert one.commit(asyncio.run(one.reserve(ASKED)), answered(cost=0.0)).cost_usd == 0.0
    assert all(is_free(None, url) for url in ("", "http://127.0.0.1:8080/v1", "http://localhost:1/v1"))
    assert all(is_free(None, f"http://{host}/v1") for host in ("[::1]:1", "127.9.0.1", "a.localhost"))
    assert not any(
        is_free(None, f"http://{host}/v1") for host in ("10.0.0.7", "127.evil.example", "127.0.0.1.example")
    )
    assert not is_free("openai", "https://api.openai.com/v1")


@pytest.mark.parametrize(
    ("error", "unconfirmed"),
    [(TransientError("reset"), True), (asyncio.CancelledError(), True), (TransientError("busy", status=429), False),
     (TransientError("refused", sent=False), False), (ProviderError("401"), False)],
)  # fmt: skip
def test_what_was_sent_and_not_answered_may_have_been_billed(error, unconfirmed):
    """A lost connection or a deadline keeps the reservation; a rejection by the server costs nothing."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    one.release_or_hold(reserved, error)
    assert budget.reserved == 0
    assert (budget.unconfirmed == reserved) is unconfirmed
    assert ("may have been billed" in budget.summary()) is unconfirmed
