"""One process asks for all: lines over a socket give what the lines give, and nobody waits for the dead."""

from __future__ import annotations

import asyncio
import socket
import stat
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.broker.client import BrokerClient
from pytest_hiddenlayer.calls.broker.protocol import encode_line, error_from_json, error_to_json
from pytest_hiddenlayer.calls.broker.server import Broker
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import (
    BudgetExceededError,
    ProviderError,
    ProviderUnavailableError,
    RunEndedError,
    UnknownNameError,
    UsageError,
)
from pytest_hiddenlayer.io.codecs import request_from_json, request_to_json
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.protocols import ProviderCapabilities
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, ModelName, Request, Usage

NAME = ModelName(provider="scripted")
WHOLE = Request(
    messages=(Message(role="system", content="s"), Message(role="user", content='"é\ud800\n')),
    params=GenerationConfig(temperature=0.5, stop=("x", "y")), seed=7, role="judge", round=2, sample_id="a", epoch=3,
    outputs=("o",), schema={"type": "object"}, top_logprobs=2,
)  # fmt: skip


class Slow:
    """Answers with its message; `wait` never ends; counts what was cancelled."""

    model = "slow-1"
    capabilities = ProviderCapabilities(supports_json_schema=True)
    opened = cancelled = running = 0

    def __init__(self, model: str | None = None) -> None:
        type(self).opened += 1
        if model == "broken":
            raise ProviderUnavailableError("no key: set SLOW_KEY")

    async def complete(self, request: Request) -> Completion:
        text = request.messages[-1].content
        type(self).running += 1
        try:
            if text == "wait":
                await asyncio.sleep(60)
            if text == "fail":
                raise BudgetExceededError("nothing is left")
            return Completion(
                text=text, finish_reason="stop", usage=Usage(input_tokens=1, calls=1), latency_s=0.5,
                model=self.model, logprobs=(-0.5, float("-inf")), top_logprobs=({"a": -0.5},), warnings=("odd",),
            )  # fmt: skip
        except asyncio.CancelledError:
            type(self).cancelled += 1
            raise
        finally:
            type(self).running -= 1

    async def close(self) -> None:
        pass


@pytest.fixture
def slow(monkeypatch):
    fresh = type("FreshSlow", (Slow,), {})
    monkeypatch.setattr(providers, "_registered", {"scripted": fresh})
    return fresh


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the connection has no loop to close it
def test_the_folder_is_removed_whatever_happened_to_the_models(tmp_path: Path) -> None:
    """A run that is interrupted may close its models, and their event loop, before its broker."""
    owner = Runtime(RunOptions(), "r")
    broker = Broker(owner.pool, tmp_path / "b" / "s")
    broker.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(broker.path))
        owner.close()
        broker.close()
    assert not broker.path.parent.exists()
    broker.close()


@contextmanager
def brokered(tmp_path: Path):
    """Yields (broker, runtime of a worker)."""
    owner = Runtime(RunOptions(), "r")
    broker = Broker(owner.pool, tmp_path / "b" / "s")
    broker.start()
    worker = Runtime(RunOptions(), "r", broker=BrokerClient(broker.path))
    try:
        yield broker, worker
    finally:
        worker.close()
        broker.close()
        owner.close()


def asked(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),), params=GenerationConfig(), seed=1)


def test_a_request_is_sent_unchanged():
    """Every field, lone surrogates included."""
    import json

    assert request_from_json(json.loads(encode_line(request_to_json(WHOLE)))) == WHOLE


def test_a_completion_is_returned_unchanged(slow, tmp_path):
    """The worker gets every field that the provider returned."""
    with brokered(tmp_path) as (_, worker):
        found = worker.run(worker.provider(NAME).complete(asked("hello")))
        direct = asyncio.run(slow().complete(asked("hello")))
    assert found == direct


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailableError("u"),
        UsageError("w"),
        BudgetExceededError("b"),
        UnknownNameError("provider", "x", []),
        KeyError("k"),
    ],
)
def test_errors_keep_their_class(error):
    """A worker gets the same class of error as the controller."""
    found = error_from_json(error_to_json(error))
    wanted = {UnknownNameError: UsageError, KeyError: ProviderError}.get(type(error), type(error))
    assert isinstance(found, wanted)
    assert str(error).strip("'") in str(found)


def test_an_error_of_opening_reaches_the_worker(slow, tmp_path):
    """The error reaches the worker, each time."""
    with brokered(tmp_path) as (_, worker):
        for _ in range(2):
            with pytest.raises(ProviderUnavailableError, match="set SLOW_KEY"):
                worker.provider(ModelName(provider="scripted", model="broken"))
    assert slow.opened == 1


def test_an_unknown_provider_is_opened_by_the_worker(tmp_path):
    """The broker does not know a provider that only the worker's conftest registers."""
    with brokered(tmp_path) as (_, worker):
        client = worker.pool._broker
        assert worker.run(client.open(ModelName(provider="nobody_knows"))) is None


def test_two_workers_share_one_model(slow, tmp_path):
    """The model is opened once."""
    with brokered(tmp_path) as (broker, worker):
        other = Runtime(RunOptions(), "r", broker=BrokerClient(broker.path))
        for one in (worker, other):
            assert one.run(one.provider(NAME).complete(asked("hello"))).text == "hello"
        assert worker.provider(NAME).capabilities.supports_json_schema
        other.close()
    assert slow.opened == 1


def test_an_error_of_a_call_reaches_its_caller(slow, tmp_path):
    """Its class is kept, and the next call succeeds."""
    with brokered(tmp_path) as (_, worker):
        with pytest.raises(BudgetExceededError, match="nothing is left"):
            worker.run(worker.provider(NAME).complete(asked("fail")))
        assert worker.run(worker.provider(NAME).complete(asked("on"))).text == "on"


def until(true, seconds: float = 60.0) -> bool:
    async def look() -> bool:
        for _ in range(int(seconds * 100)):
            if true():
                return True
            await asyncio.sleep(0.01)
        return False

    return asyncio.run(look())


def test_a_cancelled_call_is_cancelled_at_the_provider(slow, tmp_path):
    """Cancelling a call in the worker cancels it in the controller."""
    with brokered(tmp_path) as (_, worker):
        provider = worker.provider(NAME)

        async def give_up() -> None:
            call = asyncio.create_task(provider.complete(asked("wait")))
            await asyncio.to_thread(until, lambda: slow.running == 1)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

        worker.run(give_up())
        assert until(lambda: slow.cancelled == 1)


def test_the_calls_of_a_dead_worker_are_cancelled(slow, tmp_path):
    """A connection that drops cancels its calls; an incomplete line is ignored."""
    with brokered(tmp_path) as (broker, worker):
        dying = socket.socket(socket.AF_UNIX)
        dying.connect(str(broker.path))
        ask = {"id": 1, "do": "complete", "provider": "scripted", "model": None, "order": 0}
        dying.sendall(encode_line({**ask, "request": request_to_json(asked("wait"))}) + b'{"id": 2, "do"')
        assert until(lambda: slow.running == 1)
        dying.close()
        assert until(lambda: slow.running == 0)
        assert slow.cancelled == 1
        assert worker.run(worker.provider(NAME).complete(asked("on"))).text == "on"


def test_a_broker_that_ends_is_an_error(slow, tmp_path):
    """Calls in flight and later ones fail with a message: no worker waits forever."""
    with brokered(tmp_path) as (broker, worker):
        provider = worker.provider(NAME)

        async def go() -> str:
            call = asyncio.create_task(provider.complete(asked("wait")))
            await asyncio.to_thread(until, lambda: slow.running == 1)
            await asyncio.to_thread(broker.close)
            with pytest.raises(RunEndedError, match="has ended"):
                await asyncio.wait_for(call, 60)
            with pytest.raises(RunEndedError, match="has ended"):
                await provider.complete(asked("more"))
            return "noticed"

        assert worker.run(go()) == "noticed"


def test_only_this_user_can_connect(slow, tmp_path):
    """The socket is in a folder of mode 0700, which is deleted when the broker closes."""
    with brokered(tmp_path) as (broker, _):
        assert stat.S_IMODE(broker.path.parent.stat().st_mode) == 0o700
    assert not broker.path.parent.exists()
