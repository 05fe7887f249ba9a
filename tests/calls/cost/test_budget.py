"""Prices and the budget: unknown is never 0, a listed price is the hand-computed one, and the limit holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.calls.cost.budget import Budget
from pytest_hiddenlayer.calls.cost.meter import CostMeter, is_free
from pytest_hiddenlayer.calls.cost.price_file import read_own_prices
from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.errors import BudgetExceededError, ProviderError, TransientError, UsageError
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage

pytest.importorskip("genai_prices", reason="needs genai-prices: pip install genai-prices")
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def used(input_tokens=1000, output_tokens=100, cached=None, written=None) -> Usage:
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        calls=1,
    )


# ---------------------------------------------------------------- genai-prices


def test_cached_input_of_openai():
    """gpt-5-mini, $0.25 in, $0.025 cached, $2 out a million: 800, 200 and 100 tokens cost $0.000405."""
    found = Prices().cost("openai", "openai", "gpt-5-mini", used(cached=200), at=DAY)
    assert found == Decimal("0.000405")


def test_cache_reads_and_writes_of_anthropic():
    """claude-sonnet-4-5, $3, $0.30 read, $3.75 written, $15 out: 700, 200, 100 and 100 tokens cost $0.004035."""
    found = Prices().cost("anthropic", "anthropic", "claude-sonnet-4-5", used(cached=200, written=100), at=DAY)
    assert found == Decimal("0.004035")


def test_a_long_context_costs_its_tier():
    """claude-sonnet-4-5 above 200 000 tokens of input doubles the input's price."""
    prices = Prices()
    short = prices.cost("a", "anthropic", "claude-sonnet-4-5", used(200_000, 0), at=DAY)
    long = prices.cost("a", "anthropic", "claude-sonnet-4-5", used(400_000, 0), at=DAY)
    assert (short, long) == (Decimal("0.6"), Decimal("2.4"))


@pytest.mark.parametrize(("price_list", "model"), [("openai", "gpt-5-mini"), ("anthropic", "claude-haiku-4-5")])
def test_a_batch_costs_half(price_list, model):
    """Both vendors charge half through their batch APIs."""
    full, half = (Prices().cost("x", price_list, model, used(), batch=batch, at=DAY) for batch in (False, True))
    assert half == full / 2 > 0


@pytest.mark.parametrize(
    ("price_list", "model", "usage"),
    [("openai", "no-such-model", used()), (None, "gpt-5-mini", used()), ("openai", "gpt-5-mini", Usage(calls=1)),
     ("openai", "gpt-5-mini", used(output_tokens=None))],
)  # fmt: skip
def test_unknown_is_none(price_list, model, usage):
    """An unknown model, a server that is on no list, and unknown tokens have no price; never 0."""
    assert Prices().cost("openai", price_list, model, usage, at=DAY) is None


# ---------------------------------------------------------------- the user's own


OWN = """
prices:
  - {provider: openai, model: mine*, since: 2026-01-01, input: 0.10, output: 0.40}
  - {provider: openai, model: mine*, since: 2026-06-01, input: 0.20, cached_input: 0.05, output: 1, batch_factor: .25}
  - {provider: openai, model: gpt-5-mini, since: 2026-06-01, input: 100, output: 100}
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(OWN)
    return Prices(read_own_prices(path))


def test_the_newest_entry_of_the_day_holds(own):
    """Before June the old price, then the new one; before both none. Decimals stay as they were written."""
    days = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 6)]
    found = [own.cost("openai", None, "mine-2", used(1_000_000, 0), at=day) for day in days]
    assert found == [Decimal("0.10"), Decimal("0.20")]
    assert own.cost("openai", None, "mine-2", used(), at=datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_own_prices_win_and_know_caches_and_batches(own):
    """Above genai-prices; cached input at its own price, a missing one at the input's, batches by their factor."""
    assert own.cost("openai", "openai", "gpt-5-mini", used(1_000_000, 0), at=DAY) == 100
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0, cached=400_000), at=DAY) == Decimal("0.14")
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0, written=400_000), at=DAY) == Decimal("0.20")
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0), batch=True, at=DAY) == Decimal("0.05")
    assert own.cost("other", None, "mine-2", used(), at=DAY) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("prices: [", "cannot be read as YAML"), ("[]", "a key `prices` with a list"), ("prices: {}", "a key `prices`"),
     ("prices: [3]", r"prices\[0\]: must be a mapping"),
     ("prices: [{provider: a, modell: b}]", "unknown field 'modell', did you mean 'model'"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: 1}]", r"prices\[0\]: output is missing"),
     ("prices: [{provider: a, model: b, since: soon, input: 1, output: 1}]", "since: write a date"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: -1, output: 1}]", "input: write US dollars"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: .nan, output: 1}]", "input: write US dollars")],
)  # fmt: skip
def test_faults_in_the_file(tmp_path, text, says):
    """Each is told with file, entry and field."""
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says) as error:
        read_own_prices(path)
    assert str(path) in str(error.value)


# ---------------------------------------------------------------- the budget


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(["settle", "doubt", "refuse"]), st.integers(0, 60)), max_size=40
    ),
    st.randoms(use_true_random=False),
)
def test_the_limit_holds_in_any_order(calls, random):
    """Whatever comes in between, spending exceeds the limit by no more than calls cost above their bound."""
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
    """End a call; by how much it cost more than was set aside."""
    if how == "doubt":
        budget.mark_unconfirmed(reserved)
        return Decimal(0)
    actual = cost if how == "settle" else Decimal(0)
    budget.commit(reserved, actual)
    return max(Decimal(0), actual - reserved)


def test_a_call_waits_for_what_others_leave_over():
    """Of 100 calls that may cost $1 and cost 1 cent all are made within $2, the oldest first."""
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


def test_a_call_that_can_fit_no_more_does_not_wait():
    """Those that wait hear at once when too little is left, and a cancelled one gives its share back."""
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
    assert (budget.spent, budget.reserved, budget.refused) == (Decimal("1.25"), 0, 1)


def meter(budget=None, price_list="openai", model="gpt-5-mini", free=False) -> CostMeter:
    return CostMeter(prices=Prices(), provider="openai", price_list=price_list, model=model, free=free, budget=budget)


ASKED = Request(messages=(Message(role="user", content="x" * 400),), params=GenerationConfig(max_tokens=100), seed=1)


def answered(cost=None, usage=None) -> Completion:
    return Completion(
        text="y", finish_reason="stop", usage=usage or used(), latency_s=0, model="gpt-5-mini", cost_usd=cost
    )


def test_a_call_is_settled_at_its_price():
    """What was set aside is free again, and the completion tells its cost."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    assert budget.reserved == reserved > 0
    assert one.commit(reserved, answered()).cost_usd == 0.00045
    assert (budget.reserved, budget.spent) == (0, Decimal("0.000450"))


def test_an_unknown_price_is_no_price():
    """Without a budget the cost is unknown; with one the call is refused, not made for free."""
    assert meter(price_list=None).commit(Decimal(0), answered()).cost_usd is None
    with pytest.raises(ProviderError, match="the price of openai:strange is unknown"):
        asyncio.run(meter(Budget(limit=Decimal(1)), model="strange").reserve(ASKED))


def test_local_calls_cost_nothing():
    """In this process and on this machine; a machine elsewhere is not free."""
    one = meter(Budget(limit=Decimal("0.000001")), price_list=None, free=True)
    assert one.commit(asyncio.run(one.reserve(ASKED)), answered(cost=0.0)).cost_usd == 0.0
    assert all(is_free(None, url) for url in ("", "http://127.0.0.1:8080/v1", "http://localhost:1/v1"))
    assert not is_free(None, "http://10.0.0.7/v1")
    assert not is_free("openai", "https://api.openai.com/v1")


@pytest.mark.parametrize(
    ("error", "unconfirmed"),
    [(TransientError("reset"), True), (asyncio.CancelledError(), True), (TransientError("busy", status=429), False),
     (ProviderError("401"), False)],
)  # fmt: skip
def test_what_was_sent_and_not_answered_may_have_been_billed(error, unconfirmed):
    """A lost connection or a deadline keeps what was set aside; a refusal by the server costs nothing."""
    budget = Budget(limit=Decimal(1))
    one = meter(budget)
    reserved = asyncio.run(one.reserve(ASKED))
    one.release_or_hold(reserved, error)
    assert budget.reserved == 0
    assert (budget.unconfirmed == reserved) is unconfirmed
    assert ("may have been billed" in budget.summary()) is unconfirmed
