"""OpenAI's chat completions, against the stand-in: what is sent, what is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fake_server import Running, standin
from fake_server.asking import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderUnavailableError, UsageError
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.types import GenerationConfig, Usage

SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with standin() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def opened(server: Running, model: str | None = "m") -> OpenAIProvider:
    return OpenAIProvider(model, base_url=f"{server.url}/v1")


def sent(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.stats()["last"]["body"]
    return found


def test_an_answer_comes_back_with_all_that_was_told(server: Running):
    """Text, reason, usage, model and time of a call; a server on this machine costs nothing."""
    done = ask(opened(server), request("CACHED=3 MODEL=m-2025 ANSWER=4"))
    assert (done.text, done.finish_reason, done.model, done.cost_usd) == ("The answer is 4", "stop", "m-2025", 0.0)
    assert done.usage == Usage(
        input_tokens=6, output_tokens=4, cached_input_tokens=3, reasoning_tokens=0, cache_write_tokens=None, calls=1
    )
    assert done.latency_s > 0
    assert (done.logprobs, done.top_logprobs, done.time_to_first_token_s) == (None, None, None)


def test_every_parameter_is_sent(server: Running):
    """Parameters, seed and system message arrive; a compatible server gets `max_tokens`."""
    params = GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9, stop=("\n",))
    ask(opened(server), request("hi", system="be brief", params=params))
    assert sent(server) == {
        "model": "m",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 9,
        "stop": ["\n"],
        "seed": 7,
    }


def test_what_nobody_set_is_not_sent(server: Running):
    """A request without parameters has none; a greedy one has no seed, with which some servers batch nothing."""
    ask(opened(server), request("hi"))
    assert set(sent(server)) == {"model", "messages", "seed"}
    ask(opened(server), request("hi", params=GenerationConfig(temperature=0)))
    assert set(sent(server)) == {"model", "messages", "temperature"}


def test_the_vendor_gets_its_own_parameter_names():
    """At OpenAI itself the limit is `max_completion_tokens`, the seed is always sent, and prices apply."""
    provider = OpenAIProvider()
    body = provider._body(request("hi", params=GenerationConfig(temperature=0, max_tokens=9)))
    assert (body["max_completion_tokens"], body["seed"], "max_tokens" in body) == (9, 7, False)
    assert (provider.model, provider.capabilities.price_list) == (OpenAIProvider.default_model, "openai")


def test_probabilities_come_back_where_they_were_asked_for(server: Running):
    """Natural logs of the tokens taken, and of the alternatives with the taken one."""
    done = ask(opened(server), request("ANSWER=4", top_logprobs=30))
    assert done.logprobs == (-0.5,) * 4
    assert done.top_logprobs is not None
    assert done.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    assert (sent(server)["logprobs"], sent(server)["top_logprobs"]) == (True, 20)


def test_a_schema_becomes_structured_output(server: Running):
    """The schema is sent as a strict one, and the object comes back as text."""
    done = ask(opened(server), request("ANSWER=4", schema=SCHEMA))
    assert done.text == '{"answer": "4"}'
    assert sent(server)["response_format"]["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize(
    ("word", "reason"),
    [("length", "length"), ("content_filter", "content_filter"), ("tool_calls", "tool"), ("eos", "eos")],
)
def test_finish_reasons_are_in_our_words(server: Running, word: str, reason: str):
    """Known words are translated, others kept."""
    assert ask(opened(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_is_told_as_one(server: Running):
    """A refusal's words are the text, and the reason says what they are."""
    done = ask(opened(server), request("REFUSE=1"))
    assert (done.text, done.finish_reason) == ("I cannot help with that", "refusal")


def test_a_compressed_answer_is_read(server: Running):
    """gzip is taken, as it comes from a vendor's server."""
    assert ask(opened(server), request("GZIP=1 ANSWER=4")).text == "The answer is 4"


def test_connections_are_kept_and_many_are_held_at_once():
    """200 calls are in flight together, and 200 more need no new connection."""
    with standin(latency_s=0.3) as server:
        provider = opened(server)

        async def twice() -> None:
            for _ in range(2):
                await asyncio.gather(*(provider.complete(request(f"{i}")) for i in range(200)))
            await provider.close()

        asyncio.run(twice())
        stats = server.stats()
        assert (stats["requests"], stats["max_in_flight"]) == (400, 200)
        assert stats["connections"] <= 202  # and the probe's, and this question's


def test_a_cancelled_call_ends_at_once(server: Running):
    """The engine's deadline holds against a body of one byte a second, and the next call is answered."""
    provider = opened(server)

    async def cut() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await provider.complete(request("FAULT=trickle"))
        text = (await provider.complete(request("ANSWER=5"))).text
        await provider.close()
        return text

    assert asyncio.run(cut()) == "The answer is 5"


def test_the_only_model_of_a_server_is_taken(server: Running):
    """Without a model, a compatible server is asked for its models."""
    assert opened(server, None).model == "standin-1"


def test_of_several_models_one_must_be_named():
    """The message names them."""
    with standin(models=("a", "b")) as server, pytest.raises(UsageError, match=r"has 2 models.*\(a, b\)"):
        opened(server, None)


def test_no_key_is_needed_on_ones_own_server(server: Running, monkeypatch: pytest.MonkeyPatch):
    """A compatible server is asked without a key where the environment has none."""
    monkeypatch.delenv("OPENAI_API_KEY")
    assert ask(opened(server), request()).text == "The answer is 4"
    assert server.stats()["last"]["headers"]["authorization"] == "Bearer none"


def test_without_a_key_the_vendor_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says which variable to set."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ProviderUnavailableError, match="set OPENAI_API_KEY in the environment"):
        OpenAIProvider("gpt-4.1-mini")


def test_without_the_sdk_it_is_not_available(monkeypatch: pytest.MonkeyPatch):
    """One sentence says what to install."""
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ProviderUnavailableError, match=r"pip install 'pytest-hiddenlayer\[openai\]'"):
        OpenAIProvider("gpt-4.1-mini")


def test_a_server_that_is_not_there_is_not_available():
    """A refused connection is found when the provider is opened."""
    with pytest.raises(ProviderUnavailableError, match=r"no server answers at http://127\.0\.0\.1:1/v1"):
        OpenAIProvider("m", base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://host/v1", "http://", "http://h:x/", "http://h/v1?key=1"])
def test_a_base_url_that_is_none_is_refused(url: str):
    """The message shows what a base URL looks like."""
    with pytest.raises(UsageError, match="write http://HOST:PORT/PATH"):
        OpenAIProvider("m", base_url=url)


def test_a_password_in_a_base_url_is_refused_and_not_shown():
    """Keys come from the environment only."""
    with pytest.raises(UsageError, match="keys come from the environment") as caught:
        OpenAIProvider("m", base_url="http://me:hush@127.0.0.1/v1")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["", " ", "two words"])
def test_a_name_that_no_model_has_is_refused(name: str):
    """`check` finds it before anything is opened."""
    with pytest.raises(UsageError, match="--model"):
        OpenAIProvider.check(name)
