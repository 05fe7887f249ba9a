"""The runtime: cases in the background, from submit to close."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pytest_hiddenlayer.engine.cases import cases
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import HiddenLayerError, ProviderError, UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers, strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import Completion, ModelName, Request, Usage


def test_records_are_written_before_they_are_returned(case):
    """on_records receives each record before `wait` returns it."""
    seen: list[str] = []
    runtime = Runtime(
        RunOptions(), "r", on_records=lambda records: seen.extend(record.sample_id for record in records)
    )
    future = runtime.submit(case())
    assert runtime.wait(future).sample_id == "a"
    assert seen == ["a"]
    runtime.close()


def test_a_log_that_cannot_be_written_is_reported(case):
    """`wait` returns no record that is not on disk: after a full disk, every case raises its error."""

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    runtime = Runtime(RunOptions(), "r", on_records=full)
    for future in [runtime.submit(case()), runtime.submit(case())]:
        with pytest.raises(OSError, match="No space left"):
            runtime.wait(future)
    runtime.close()


def test_waiting_raises_what_the_answer_raised(case):
    """`wait` raises a usage error of the background thread."""

    @strategy("test_engine_misused")
    async def misused(context):
        raise UsageError("use it otherwise")

    runtime = Runtime(RunOptions(), "r")
    future = runtime.submit(case(strategies=(parse_strategy("test_engine_misused"),)))
    with pytest.raises(UsageError, match="use it otherwise"):
        runtime.wait(future)
    runtime.close()


def test_waiting_on_a_dead_loop_is_an_error(case):
    """`wait` raises ProviderError if the event loop's thread has ended."""
    runtime = Runtime(RunOptions(), "r")
    slow = ScriptedProvider(script={"rules": [{"delay_s": 60, "reply": "late"}]})
    future = runtime.submit(case(), slow, slow)
    event_loop = runtime.pool.event_loop
    alive, event_loop._thread = event_loop._thread, threading.Thread()
    with pytest.raises(ProviderError, match="thread has ended"):
        runtime.wait(future)
    event_loop._thread = alive
    runtime.close()


def test_an_error_while_opening_is_raised_each_time():
    """If a provider cannot be opened, every request for it raises the error."""
    runtime = Runtime(RunOptions(), "r")
    missing = ModelName(provider="scripted", model="nowhere.json")
    for _ in range(2):
        with pytest.raises(HiddenLayerError, match="cannot read it"):
            runtime.provider(missing)


class CountingProvider:
    """Counts openings, closings and the peak of calls in flight; answers once `expected` calls were in flight."""

    model = default_model = "counting"
    opened = closed = in_flight = peak = 0
    fails, expected = False, 1

    def __init__(self, model: str | None = None) -> None:
        type(self).opened += 1
        if self.fails:
            raise ProviderError("no key")

    async def complete(self, request: Request) -> Completion:
        cls = type(self)
        cls.in_flight += 1
        cls.peak = max(cls.peak, cls.in_flight)
        while cls.peak < cls.expected:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)  # a call above the limit would start now
        cls.in_flight -= 1
        return Completion(text="yes", finish_reason="stop", usage=Usage(calls=1), latency_s=0.02, model="counting")

    async def close(self) -> None:
        type(self).closed += 1


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> type[CountingProvider]:
    """A new subclass of CountingProvider, registered as `scripted`."""
    fresh = type("Fresh", (CountingProvider,), {})
    monkeypatch.setattr(providers, "_registered", {"scripted": fresh})
    return fresh


def test_a_failed_opening_is_not_repeated(counting):
    """A provider that cannot be opened is tried once, not once per case."""
    counting.fails = True
    runtime = Runtime(RunOptions(), "r")
    for _ in range(3):
        with pytest.raises(ProviderError, match="no key"):
            runtime.provider(ModelName(provider="scripted"))
    assert counting.opened == 1
    runtime.close()


@pytest.mark.parametrize(("concurrency", "peak"), [(1, 1), (3, 3), (50, 8)])
def test_concurrency_limits_calls_in_flight(case, counting, concurrency, peak):
    """Cases run concurrently, with at most `concurrency` calls, and the model is opened and closed once."""
    counting.expected = peak
    runtime = Runtime(RunOptions(concurrency=concurrency), "r")
    futures = [runtime.submit(cell_case) for cell_case in cases(case(epochs=4).cell)]
    assert [runtime.wait(future).outcome for future in futures] == ["correct", "incorrect"] * 4
    runtime.close()
    assert (counting.peak, counting.opened, counting.closed) == (peak, 1, 1)


def test_closing_twice_or_unused_is_allowed(counting):
    """close() may be called before any case was submitted, and more than once."""
    runtime = Runtime(RunOptions(), "r")
    runtime.close()
    runtime.provider(ModelName(provider="scripted"))
    runtime.close()
    runtime.close()
    assert counting.closed == 1


def test_closing_cancels_cases_in_flight(case):
    """close() does not wait for a slow call."""
    runtime = Runtime(RunOptions(), "r")
    slow = ScriptedProvider(script={"rules": [{"delay_s": 60, "reply": "late"}]})
    future = runtime.submit(case(), slow, slow)
    runtime.close()
    assert future.cancelled() or future.done()


def test_closing_cancels_the_call_itself(case):
    """close() cancels the provider's call, not only the wait for it, and leaves no thread behind."""
    started = threading.Event()
    cancelled = threading.Event()

    class EndlessProvider(ScriptedProvider):
        async def complete(self, request: Request) -> Completion:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError("unreachable")

    runtime, endless, threads = Runtime(RunOptions(), "r"), EndlessProvider(), threading.active_count()
    future = runtime.submit(case(), endless, endless)
    assert started.wait(60)
    runtime.close()
    assert cancelled.is_set()
    assert future.cancelled()
    assert threading.active_count() == threads
