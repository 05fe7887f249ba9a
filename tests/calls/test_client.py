"""The line to one model: stores before the provider, the purse around the attempts, remarks on what is odd."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from pytest_hiddenlayer.calls.access import Access
from pytest_hiddenlayer.calls.checks import same_model
from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.errors import BudgetExceededError, NotSentError, ProviderError, TransientError
from pytest_hiddenlayer.protocols import ProviderCapabilities
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage


class Server:
    """A provider that answers with the last message, after some transient failures."""

    model = "small-1"
    capabilities = ProviderCapabilities(endpoint="http://here")

    def __init__(
        self, fails: int = 0, says: str = "small-1", tokens: int | None = 5, status: int | None = 503
    ) -> None:
        self.fails, self.says, self.tokens, self.status, self.asked = fails, says, tokens, status, 0

    async def complete(self, request: Request) -> Completion:
        self.asked += 1
        if self.asked <= self.fails:
            raise TransientError("busy", status=self.status)
        usage = Usage(input_tokens=self.tokens, output_tokens=1, calls=1)
        text = request.messages[-1].content
        return Completion(text=text, finish_reason="stop", usage=usage, latency_s=0.1, model=self.says)

    async def close(self) -> None:
        pass


class Refusing(Server):
    """A server that refuses access after some answers."""

    def __init__(self, refusal: int, answers: int = 0) -> None:
        super().__init__()
        self.refusal, self.answers = refusal, answers

    async def complete(self, request: Request) -> Completion:
        if self.asked >= self.answers:
            self.asked += 1
            raise ProviderError("wrong key", status=self.refusal)
        return await super().complete(request)


class Memory:
    """A store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Completion] = {}

    def get(self, identity):
        return self.kept.get(str(identity))

    def put(self, identity, completion) -> None:
        self.kept[str(identity)] = replace(completion, cached=True)


class FakeMeter:
    """A meter that logs its calls and may have no budget left."""

    def __init__(self, empty: bool = False) -> None:
        self.empty, self.log = empty, []

    async def reserve(self, request, order):
        if self.empty:
            raise BudgetExceededError("nothing is left")
        self.log.append("reserve")
        return 1

    def commit(self, reserved, completion, n_lost=0):
        self.log.append("settled")
        return replace(completion, cost_usd=0.5)

    def release_or_hold(self, reserved, error):
        self.log.append(f"freed: {type(error).__name__}")


def client(server, **rest) -> ModelClient:
    return ModelClient.for_provider(
        "test", server, AdaptiveLimiter(2), retry_policy=RetryPolicy(attempts=3, first_wait_s=0.001), **rest
    )


def request(text: str = "hello", seed: int = 1) -> Request:
    return Request(
        messages=(Message(role="user", content=text),), params=GenerationConfig(temperature=0.0), seed=seed
    )


def ask(one: ModelClient, *requests: Request) -> list[Completion]:
    async def go():
        return [await one.complete(r) for r in requests]

    return asyncio.run(go())


def test_a_store_answers_what_it_knows():
    """The same call is made once; another seed, text or server makes another call."""
    server, memory = Server(), Memory()
    one = client(server, stores=(memory,))
    first, again, other, text = ask(one, request(), request(), request(seed=2), request("bye"))
    assert (first.cached, again.cached, other.cached, text.cached) == (False, True, False, False)
    assert server.asked == 3
    ask(replace(one, endpoint="http://there"), request())
    assert server.asked == 4


def test_other_weights_make_another_call():
    """A model with a new fingerprint under its old name is another model for every store."""
    server, memory = Server(), Memory()
    for fingerprint, asked in (("a", 1), ("a", 1), ("b", 2)):
        server.capabilities = ProviderCapabilities(endpoint="http://there", fingerprint=fingerprint)
        ask(client(server, stores=(memory,)), request())
        assert server.asked == asked


def test_every_store_keeps_what_was_asked():
    """A completion from the provider is put into all stores."""
    first, second = Memory(), Memory()
    ask(client(Server(), stores=(first, second)), request())
    assert len(first.kept) == len(second.kept) == 1


def test_all_attempts_share_one_reservation():
    """Two attempts share one reservation; the completion has the meter's cost; a stored one needs no reservation."""
    meter, memory = FakeMeter(), Memory()
    one = client(Server(fails=1), meter=meter, stores=(memory,))
    found, known = ask(one, request(), request())
    assert (found.cost_usd, found.attempts) == (0.5, 2)
    assert known.cached
    assert meter.log == ["reserve", "settled"]


def test_a_lost_attempt_has_a_reservation_of_its_own():
    """An attempt that was sent and not answered may have been billed: the next one reserves again."""
    meter = FakeMeter()
    (found,) = ask(client(Server(fails=1, status=None), meter=meter), request())
    assert found.attempts == 2
    assert meter.log == ["reserve", "freed: TransientError", "reserve", "settled"]


def test_a_failed_call_frees_what_was_reserved():
    """A reservation is released if no answer came."""
    meter = FakeMeter()
    with pytest.raises(ProviderError, match="busy"):
        ask(client(Server(fails=9), meter=meter), request())
    assert meter.log == ["reserve", "freed: ProviderError"]


def test_an_exceeded_budget_makes_no_call():
    """BudgetExceededError is raised before the provider is called."""
    server = Server()
    with pytest.raises(BudgetExceededError):
        ask(client(server, meter=FakeMeter(empty=True)), request())
    assert server.asked == 0


def test_another_model_has_a_warning():
    """An answer of another model has a warning; a dated form of the name is the same model."""
    (found,) = ask(client(Server(says="large-9")), request())
    assert found.warnings == ("asked small-1, the server says that large-9 answered",)
    (found,) = ask(client(Server(says="small-1-2026-01-31")), request())
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("asked", "said", "same"),
    [("gpt-5-mini", "gpt-5-mini-2025-08-07", True), ("llama3.2", "llama3.2:latest", True), ("a/b", "b", True),
     ("claude-x-latest", "claude-x-20250101", True), ("gpt-5", "gpt-5-mini", False), ("x", "", True),
     ("llama3.2:1b", "llama3.2:3b", False), ("folder/nano.gguf", "nano", True),
     ("claude-x-4-0", "claude-x-4-20250514", True), ("claude-x-4-0", "claude-x-4-1-20250805", False)],
)  # fmt: skip
def test_names_of_one_model(asked, said, same):
    """Dates, tags, folders and `latest` do not make another model; a size does."""
    assert same_model(asked, said) is same


def test_a_truncated_prompt_has_a_warning():
    """8000 bytes that count as 40 tokens were truncated; as 2000 tokens they were not."""
    long = request("four " * 1600)
    (found,) = ask(client(Server(tokens=40)), long)
    assert "8000 bytes and the server read 40 tokens" in found.warnings[0]
    for tokens in (2000, None):
        assert ask(client(Server(tokens=tokens)), long)[0].warnings == ()


@pytest.mark.parametrize("error", [ZeroDivisionError("no"), SystemExit(3), KeyboardInterrupt(), TimeoutError("x")])
def test_what_a_users_provider_raises_is_an_error_of_the_call(error):
    """Any exception of a user's provider becomes a ProviderError with its file and line; it is not retried."""

    class Own(Server):
        async def complete(self, request):
            self.asked += 1
            raise error

    own = Own()
    with pytest.raises(ProviderError, match=rf"provider 'test' raised {type(error).__name__}.*test_client.py:\d+\)$"):
        ask(client(own), request())
    assert own.asked == 1


@pytest.mark.parametrize(
    ("answer", "found"),
    [("42", "returned str"), (None, "returned NoneType"),
     (Completion(text=None, finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model="m"), "type NoneType")],
)  # fmt: skip
def test_an_answer_that_is_no_completion_is_an_error_of_the_call(answer, found):
    """A provider that returns something else than a Completion with a text is told what to return."""

    class Own(Server):
        async def complete(self, request):
            return answer

    with pytest.raises(ProviderError, match=f"{found}.*must return a Completion"):
        ask(client(Own()), request())


def test_a_refused_key_ends_the_calls_to_its_server():
    """After status 401 nothing more is sent to the server, by no model of it; the error says why."""
    first, other, elsewhere = Refusing(401), Server(), Server()
    refused: dict[str, str] = {}
    clients = [
        client(server, access=Access(refused=refused, server=url))
        for server, url in ((first, "http://a"), (other, "http://a"), (elsewhere, "http://b"))
    ]
    with pytest.raises(ProviderError, match=r"^wrong key$"):
        ask(clients[0], request())
    for one in clients[:2]:
        with pytest.raises(NotSentError, match=r"^not sent, because an earlier call failed: wrong key$"):
            ask(one, request())
    ask(clients[2], request())
    assert (first.asked, other.asked, elsewhere.asked) == (1, 0, 1)


def test_a_forbidden_prompt_does_not_end_the_calls_of_a_model_that_answers():
    """Status 403 ends the calls of a model that has answered none; later it is about one prompt."""
    never, once = Refusing(403), Refusing(403, answers=1)
    for server, asked in ((never, 1), (once, 3)):
        one = client(server)
        for _ in range(3):
            with suppress(ProviderError):
                ask(one, request())
        assert server.asked == asked
