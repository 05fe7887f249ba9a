"""Several servers of one model, in virtual time: who gets a call, and what happens if a server fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from support.virtual_time import run_in_virtual_time

from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.endpoints.endpoint import FIRST_PAUSE_S, Endpoint, Preferences
from pytest_hiddenlayer.calls.endpoints.pool import EndpointPool
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage


@dataclass
class TimedServer:
    """Answers after `latency_s`; `fault` may raise instead, from the number of the call and the time."""

    name: str
    latency_s: float = 1.0
    fault: Callable[[int, float], None] = lambda number, now: None
    model: str = "m"
    samples: list[str] = field(default_factory=list)  # of the calls, in order
    in_flight: int = 0
    peak: int = 0

    async def complete(self, request: Request) -> Completion:
        self.samples.append(request.sample_id)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            self.fault(len(self.samples), asyncio.get_running_loop().time())
            await asyncio.sleep(self.latency_s)
        finally:
            self.in_flight -= 1
        return Completion(
            text=self.name, finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model="m", cost_usd=0.0
        )


def request(sample: str) -> Request:
    return Request(
        messages=(Message(role="user", content="?"),),
        params=GenerationConfig(),
        seed=0,
        role="answer",
        sample_id=sample,
    )


def client(servers: Sequence[TimedServer], *, slots: int = 4, messages: list[str] | None = None, **policy: float):
    """The client of these servers, with `slots` each."""
    endpoints = [Endpoint(url=server.name, provider=server, limiter=AdaptiveLimiter(slots)) for server in servers]
    pool = EndpointPool(endpoints, (lambda text: None) if messages is None else messages.append)
    retry_policy = RetryPolicy(**{"attempt_s": None, "total_s": None, "first_wait_s": 0.1, **policy})
    return ModelClient.for_provider("own", servers[0], AdaptiveLimiter(1), retry_policy=retry_policy, endpoints=pool)


def answers(model: ModelClient, samples: Sequence[str]) -> tuple[list[str | None], float]:
    """(who answered each call, seconds in all); None for a call that failed."""

    async def one(order: int, sample: str) -> str | None:
        try:
            return (await model.complete(request(sample), order)).text
        except ProviderError:
            return None

    async def every() -> tuple[list[str | None], float]:
        found = await asyncio.gather(*(one(order, sample) for order, sample in enumerate(samples)))
        return found, asyncio.get_running_loop().time()

    return run_in_virtual_time(every())


SAMPLES = [f"s{number}" for number in range(100)]


def test_a_fast_server_gets_more_calls_and_both_stay_busy():
    """A server four times as fast answers four times as many, and the run takes as long as their rates allow."""
    fast, slow = TimedServer("fast", 1.0), TimedServer("slow", 4.0)
    found, seconds = answers(client([fast, slow]), SAMPLES)
    assert None not in found
    assert 3 <= found.count("fast") / found.count("slow") <= 5
    assert seconds <= 100 / (4 / 1.0 + 4 / 4.0) * 1.15


def test_each_server_keeps_its_limit():
    """No server has more calls in flight than its own limit."""
    servers = [TimedServer(str(number)) for number in range(3)]
    answers(client(servers, slots=2), SAMPLES)
    assert [server.peak for server in servers] == [2, 2, 2]


def test_calls_of_one_sample_go_to_one_server():
    """One after another, the calls of a sample reach the server whose prompt cache holds its question."""
    servers = [TimedServer(str(number)) for number in range(3)]
    model = client(servers)

    async def strategy(sample: str) -> set[str]:
        return {(await model.complete(request(sample))).text for _ in range(4)}

    async def every() -> list[set[str]]:
        return await asyncio.gather(*map(strategy, SAMPLES[:9]))

    assert all(len(used) == 1 for used in run_in_virtual_time(every()))
    assert all(server.samples for server in servers)


def test_a_busy_server_is_not_waited_for():
    """If all calls are of one sample, other servers help."""
    servers = [TimedServer("one"), TimedServer("two")]
    found, seconds = answers(client(servers), ["s"] * 40)
    assert set(found) == {"one", "two"}
    assert seconds <= 6


def test_a_server_that_stops_loses_no_call_and_returns():
    """While a server cannot be reached the other one answers everything; then it gets calls again. Both are said."""

    def stopped(number: int, now: float) -> None:
        if 3 <= now < 7.5:
            raise TransientError("connection refused", sent=False)

    first, second, messages = TimedServer("first", fault=stopped), TimedServer("second"), []
    found, seconds = answers(client([first, second], messages=messages), SAMPLES)
    assert None not in found
    assert seconds < 3 + FIRST_PAUSE_S + 56 / 8 + 1.5
    assert found.index("first") < 4
    assert "first" in found[-20:]
    assert [message.split()[1:3] for message in messages] == [["is", "left"], ["answers", "again"]]


def test_a_server_that_never_answers_in_time_is_left_out():
    """Three attempts that end at the deadline are enough: later calls go to the other server."""
    stuck, works = TimedServer("stuck", 1e6), TimedServer("works")
    found, _ = answers(client([stuck, works], slots=1, attempt_s=5.0), SAMPLES[:30])
    assert found == ["works"] * 30
    assert len(stuck.samples) <= 6


def test_a_server_with_a_wrong_key_is_left_out():
    """One server that refuses the key costs one attempt a call in flight, and no answer."""

    def refuses(number: int, now: float) -> None:
        raise ProviderError("HTTP 401: wrong key", status=401)

    first, second = TimedServer("first", fault=refuses), TimedServer("second")
    found, _ = answers(client([first, second]), SAMPLES)
    assert found == ["second"] * 100
    assert len(first.samples) <= 4


def test_no_call_waits_for_servers_that_all_refuse():
    """If every server refuses, all calls end with an error, also those that wait for a slot."""

    def refuses(number: int, now: float) -> None:
        raise ProviderError("HTTP 401: wrong key", status=401)

    servers = [TimedServer(name, fault=refuses) for name in ("first", "second")]
    found, seconds = answers(client(servers), SAMPLES)
    assert found == [None] * 100
    assert seconds < 5


def test_an_overloaded_server_gets_less_and_is_not_left_out():
    """A rate limit halves that server's limit; the others keep theirs."""

    def limited(number: int, now: float) -> None:
        if number % 3 == 0:
            raise TransientError("HTTP 429", status=429, slow_down=True)

    first, second, messages = TimedServer("first", fault=limited), TimedServer("second"), []
    model = client([first, second], messages=messages)
    found, _ = answers(model, SAMPLES)
    assert None not in found
    assert messages == []
    assert found.count("first") < found.count("second")


def test_a_cancelled_call_gives_its_slot_back():
    """Calls that are cancelled while they wait or run block no later call."""
    servers = [TimedServer("one"), TimedServer("two")]
    model = client(servers, slots=1)

    async def scenario() -> str:
        tasks = [asyncio.ensure_future(model.complete(request(sample))) for sample in SAMPLES[:10]]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return (await asyncio.wait_for(model.complete(request("last")), 2)).text

    assert run_in_virtual_time(scenario()) in {"one", "two"}


def test_the_memory_of_prompts_is_bounded():
    """A million samples do not keep a million entries."""
    endpoint = Endpoint(url="u", provider=TimedServer("u"), limiter=AdaptiveLimiter(1))
    preferences = Preferences(maximum=10)
    for number in range(1000):
        preferences.put(str(number), endpoint)
    assert preferences.get("999") is endpoint
    assert preferences.get("989") is None


@pytest.mark.parametrize("slots", [1, 3])
def test_every_call_is_answered_once_whatever_fails(slots):
    """With servers that fail in turn, each call has one answer and no slot is lost."""

    def sometimes(number: int, now: float) -> None:
        if number % 4 == 0:
            raise TransientError("HTTP 500", status=500)

    servers = [TimedServer(str(number), fault=sometimes) for number in range(3)]
    model = client(servers, slots=slots)
    found, _ = answers(model, SAMPLES)
    assert None not in found
    assert [endpoint.limiter.in_flight for endpoint in model.endpoints.endpoints] == [0, 0, 0]
