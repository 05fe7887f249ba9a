"""The models of a run are opened once and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pytest_hiddenlayer.calls.event_loop import EventLoopThread
from pytest_hiddenlayer.calls.pool import ModelPool
from pytest_hiddenlayer.errors import ProviderUnavailableError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import ModelName

NAME = ModelName(provider="counted")


class Counted:
    """Counts openings and closings."""

    opened = closed = 0

    def __init__(self, model: str | None = None) -> None:
        type(self).opened += 1
        if model == "broken":
            raise ProviderUnavailableError("no key: set COUNTED_KEY")
        self.model = model or "counted"

    async def complete(self, request: object) -> None:
        raise AssertionError("these tests ask nothing")

    async def close(self) -> None:
        type(self).closed += 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    fresh = type("Fresh", (Counted,), {})
    monkeypatch.setattr(providers, "_registered", {"counted": fresh})
    return fresh


@pytest.fixture
def event_loop() -> Iterator[EventLoopThread]:
    thread = EventLoopThread()
    yield thread
    if thread.started:
        thread.stop(_nothing())


async def _nothing() -> None:
    pass


def test_a_model_is_opened_once(counted: type[Counted], event_loop: EventLoopThread):
    """Every caller gets the same client, until the pool closes it."""
    pool = ModelPool(RunOptions(), event_loop)
    assert pool.opened(NAME) is None
    assert pool.provider(NAME) is pool.provider(NAME) is pool.opened(NAME)
    event_loop.run(pool.close())
    assert (counted.opened, counted.closed) == (1, 1)


def test_an_error_of_opening_is_raised_each_time(counted: type[Counted], event_loop: EventLoopThread):
    """The model is not opened again."""
    pool, broken = ModelPool(RunOptions(), event_loop), ModelName(provider="counted", model="broken")
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError, match="set COUNTED_KEY"):
            pool.provider(broken)
    assert pool.opened(broken) is None
    assert counted.opened == 1


def test_the_budget_exists_once_a_model_is_open(counted: type[Counted], event_loop: EventLoopThread):
    """All models of the pool share it."""
    pool = ModelPool(RunOptions(budget_usd=Decimal(2)), event_loop)
    assert pool.budget is None
    pool.provider(NAME)
    assert pool.budget is not None
    assert pool.budget.limit == 2


def test_the_concurrency_is_that_of_the_most_concurrent_model(counted: type[Counted], event_loop: EventLoopThread):
    """Before a model is open, it is the option's."""
    pool = ModelPool(RunOptions(concurrency=7), event_loop)
    assert pool.concurrency == 7
    pool = ModelPool(RunOptions(), event_loop)
    assert pool.concurrency == 0
    pool.provider(NAME)
    assert pool.concurrency == 20


def test_the_error_of_a_model_does_not_grow(counted: type[Counted], event_loop: EventLoopThread):
    """A thousand calls to a model that cannot be opened raise the same short traceback, with the same message."""
    pool = ModelPool(RunOptions(), event_loop)
    lengths = set()
    for _ in range(1000):
        with pytest.raises(ProviderUnavailableError, match="set COUNTED_KEY") as raised:
            pool.provider(ModelName(provider="counted", model="broken"))
        lengths.add(len(raised.traceback))
    assert max(lengths) <= 2
    assert counted.opened == 1
